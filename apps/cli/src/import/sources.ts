import {
  awsExportSource,
  awsSecretsManagerSource,
  companySecretsSource,
  csvSource,
  dopplerExportSource,
  dopplerSource,
  dotenvSource,
  googleExportSource,
  googleSecretManagerSource,
  infisicalSource,
  jsonSource,
  keyByPbkdf2,
  parsePbkdf2,
  pgcryptoSource,
  pgpSource,
  type Source,
  SourceError,
  type Table,
  vaultKvSource,
  yamlSource,
} from "@keyfold/import";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { keyBytes, oldSecret } from "./old-secret.ts";

export interface SourceOptions {
  keyFile?: string;
  keyFormat: "text" | "hex" | "base64";
  pbkdf2?: string;
  table?: string;
  tenantColumn?: string;
  nameColumn?: string;
  valueColumn?: string;
  address?: string;
  projectId?: string;
  environments?: string[];
  folder?: string;
  mount?: string;
  oneTenant?: boolean;
  namespace?: string;
  region?: string;
  tenantLabel?: string;
  versions?: number;
}

type Opener = (
  terminal: Terminal,
  options: SourceOptions,
  path: string | undefined,
) => Promise<Source> | Source;

const file =
  (open: (path: string) => Source): Opener =>
  (_, __, path) => {
    if (path === undefined) throw new CommandError(EXIT.usage, "Which file?");
    return open(path);
  };

/** What opens a source and is text: a token, an address. */
const oldText = async (
  terminal: Terminal,
  called: string,
  variable: string,
  file?: string,
): Promise<string> => (await oldSecret(terminal, { called, variable, file })).toString("utf8");

const oldUrl = (terminal: Terminal): Promise<string> =>
  oldText(terminal, "The old database's address", "KEYFOLD_IMPORT_URL");

const columns = ({ table, tenantColumn, nameColumn, valueColumn }: SourceOptions): Partial<Table> => ({
  ...(table === undefined ? {} : { table }),
  ...(tenantColumn === undefined ? {} : { tenant: tenantColumn }),
  ...(nameColumn === undefined ? {} : { name: nameColumn }),
  ...(valueColumn === undefined ? {} : { value: valueColumn }),
});

const oldKey = async (terminal: Terminal, { keyFile, keyFormat, pbkdf2 }: SourceOptions): Promise<Buffer> => {
  const parameters = pbkdf2 === undefined ? null : parsePbkdf2(pbkdf2);
  const given = await oldSecret(terminal, {
    called: parameters === null ? "The old key" : "The old passphrase",
    file: keyFile,
    variable: "KEYFOLD_IMPORT_KEY",
  });
  const bytes = keyBytes(given, keyFormat);
  return parameters === null ? bytes : keyByPbkdf2(bytes, parameters);
};

// OpenPGP has its own way from a passphrase to a key.
const withoutPbkdf2 = ({ pbkdf2: _, ...rest }: SourceOptions): SourceOptions => rest;

const required = (text: string | undefined, option: string): string => {
  if (text === undefined) throw new CommandError(EXIT.usage, `This source needs ${option}.`);
  return text;
};

const addressed = (options: SourceOptions): string => {
  const url = required(options.address, "--address");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CommandError(EXIT.usage, "--address is none such as https://vault.example.com.");
  return url;
};

const namesOf = ({ folder, oneTenant }: SourceOptions) => ({
  tenantFolders: !oneTenant,
  ...(folder === undefined ? {} : { path: folder }),
});

const tenantLabelOf = ({ oneTenant, tenantLabel }: SourceOptions): string | null =>
  oneTenant ? null : required(tenantLabel, "--tenant-label or --one-tenant");

/** Sources that are a file, or that are read from a file which their own command line wrote. */
const WITH_FILE: ReadonlySet<string> = new Set([
  "dotenv",
  "json",
  "yaml",
  "csv",
  "aws-secrets-manager",
  "google-secret-manager",
  "doppler",
]);

/** Every source that can be imported from, by its name. */
export const SOURCES = {
  dotenv: file(dotenvSource),
  json: file(jsonSource),
  yaml: file(yamlSource),
  csv: file(csvSource),
  pgcrypto: async (terminal, options) =>
    pgcryptoSource({
      url: await oldUrl(terminal),
      key: await oldKey(terminal, options),
      table: columns(options),
    }),
  "company-secrets": async (terminal, options) =>
    companySecretsSource({
      url: await oldUrl(terminal),
      key: await oldKey(terminal, options),
      table: columns(options),
    }),
  pgp: async (terminal, options) =>
    pgpSource({
      url: await oldUrl(terminal),
      passphrase: (await oldKey(terminal, { ...withoutPbkdf2(options), keyFormat: "text" })).toString("utf8"),
      table: {
        table: required(options.table, "--table"),
        tenant: options.tenantColumn ?? null,
        name: required(options.nameColumn, "--name-column"),
        value: required(options.valueColumn, "--value-column"),
      },
    }),
  infisical: async (terminal, options) => ({
    ...infisicalSource({
      url: options.address === undefined ? "https://app.infisical.com" : addressed(options),
      clientId: await oldText(terminal, "The client id", "INFISICAL_CLIENT_ID"),
      clientSecret: await oldText(terminal, "The client secret", "INFISICAL_CLIENT_SECRET", options.keyFile),
      projectId: required(options.projectId, "--project-id"),
      environments: options.environments ?? ["dev", "staging", "prod"],
      tenantsPath: options.oneTenant ? null : (options.folder ?? "/tenants"),
      versions: options.versions ?? 0,
    }),
  }),
  vault: async (terminal, options) =>
    vaultKvSource({
      url: addressed(options),
      token: await oldText(terminal, "The Vault token", "VAULT_TOKEN", options.keyFile),
      tenantFolders: !options.oneTenant,
      versions: options.versions ?? 0,
      ...(options.mount === undefined ? {} : { mount: options.mount }),
      ...(options.folder === undefined ? {} : { path: options.folder }),
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    }),
  "aws-secrets-manager": ({ env }, options, path) =>
    path !== undefined
      ? awsExportSource(path, namesOf(options))
      : awsSecretsManagerSource({
          region: required(options.region ?? env.AWS_REGION, "--region"),
          ...namesOf(options),
          ...(options.address === undefined ? {} : { url: addressed(options) }),
          // Else AWS's SDK finds them where it always does.
          ...(env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
            ? {
                credentials: {
                  accessKeyId: env.AWS_ACCESS_KEY_ID,
                  secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
                  ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
                },
              }
            : {}),
        }),
  "google-secret-manager": async (terminal, options, path) =>
    path !== undefined
      ? googleExportSource(path, tenantLabelOf(options))
      : googleSecretManagerSource({
          projectId: required(options.projectId, "--project-id"),
          tenantLabel: tenantLabelOf(options),
          ...(options.address === undefined ? {} : { url: addressed(options) }),
          token: await oldText(terminal, "The access token", "GOOGLE_ACCESS_TOKEN", options.keyFile),
        }),
  doppler: async (terminal, options, path) =>
    path !== undefined
      ? dopplerExportSource(path, options.environments)
      : dopplerSource({
          configs: options.environments ?? ["dev", "stg", "prd"],
          ...(options.projectId === undefined ? {} : { project: options.projectId }),
          ...(options.address === undefined ? {} : { url: addressed(options) }),
          token: await oldText(terminal, "The Doppler token", "DOPPLER_TOKEN", options.keyFile),
        }),
} as const satisfies Record<string, Opener>;

/** @throws CommandError for a source that cannot even be begun */
export async function openSource(
  terminal: Terminal,
  name: keyof typeof SOURCES,
  path: string | undefined,
  options: SourceOptions,
): Promise<Source> {
  if (options.versions !== undefined && name !== "vault" && name !== "infisical")
    throw new CommandError(
      EXIT.usage,
      "--versions is for vault and infisical: other sources give no older versions.",
    );
  if (path !== undefined && !WITH_FILE.has(name))
    throw new CommandError(EXIT.usage, `${name} is read where it is, and takes no file.`);
  try {
    return await (SOURCES[name] as Opener)(terminal, options, path);
  } catch (error) {
    if (error instanceof SourceError) throw new CommandError(EXIT.usage, error.message);
    throw error;
  }
}
