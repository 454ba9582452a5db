import type { BlockList } from "node:net";
import { isAbsolute, resolve } from "node:path";
import { type AllowRule, parseAllow } from "@keyfold/outbound";
import { ALGORITHMS, type Algorithm } from "@keyfold/secrets";
import { z } from "zod";
import { contradictions, doubts } from "./config/contradictions.ts";
import { roleOf, urlOf } from "./config/database-url.ts";
import { unknownSettings } from "./config/names.ts";
import { type ObjectStorage, objectStorageOf, objectStorageSettings } from "./config/object-storage.ts";
import { type RegionSettings, regionSettings } from "./config/regions.ts";
import {
  type GivenRootKey,
  type RootKeySource,
  rootKeySource,
  type SeedSource,
  seedSource,
} from "./config/root-key-source.ts";
import { Sensitive } from "./config/sensitive.ts";
import { parseProxies } from "./config/trusted-proxies.ts";
import type { CallLimitOptions } from "./http/call-limits.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that cannot be used; each problem is a sentence that names its setting and never quotes what it held. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

export type DatabaseSource =
  | { kind: "embedded" }
  | {
      kind: "external";
      /** The application role's. */
      url: Sensitive;
      /** The application role's name: what migrations grant to. */
      role: string;
      /** The owner's; null: migrations are only checked. */
      migrationUrl: Sensitive | null;
      /** Direct, where a pooler stands between. */
      listenUrl: Sensitive | null;
    };

export interface Config {
  mode: "development" | "production";
  /** The address to bind. */
  host: string;
  port: number;
  /** Where people and browsers reach it, when that is not here. */
  publicUrl: URL | null;
  /** Where the pages of links are served, on a port of their own, and where browsers reach it; null: nowhere. */
  links: { port: number; publicUrl: URL | null } | null;
  /** Whose forwarded headers are believed; null: nobody's. */
  trustedProxies: BlockList | null;
  tls: { certFile: string; keyFile: string } | null;
  dataDir: string;
  database: DatabaseSource;
  rootKey: RootKeySource;
  /** A second root key, to open with and never to wrap under: while the root key is being changed. */
  otherRootKey: GivenRootKey | null;
  /** A file that lists root keys which tenants' new keys are wrapped under besides. */
  alsoRootKeys: string | null;
  /** A file that names root keys of tenants' own. */
  tenantRootKeys: string | null;
  /** What hybrid wraps take besides the root key. */
  hybridSeed: SeedSource | null;
  /** A second one, to open with only: while the seed is being changed. */
  otherHybridSeed: SeedSource | null;
  /** What the keys over values are wrapped by where neither a tenant nor a secret says. */
  algorithm: Algorithm;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /** On a first start this very string is the operator's token. */
  bootstrapToken: Sensitive | null;
  /** A tenant that has lost its last token, by slug: this start makes it one. */
  recoverTenant: string | null;
  /** Most bytes of one value, decoded. */
  maxValueBytes: number;
  /** Days that a tenant's shredding waits after both sides agreed. */
  shredWaitDays: number;
  /** Days that a root key serves before it is due for its rotation. */
  rootKeyDays: number;
  /** Whether an HSM's key may be the only root key. */
  allowSoleHsm: boolean;
  /** Which regions there are; null: one only. */
  regions: RegionSettings | null;
  /** How long unwrapped tenant keys are kept in memory, in seconds, and how many at most. */
  keyring: { seconds: number; count: number };
  /** Whether this process runs background jobs; somebody must. */
  jobs: boolean;
  /** Where webhooks may go besides https to the public internet. */
  outboundAllow: readonly AllowRule[];
  /** A file of leaked passwords' hashes that no new password may be on; null: none. */
  breachedPasswords: string | null;
  /** Which server sends mail, with its password, and which address it comes from; null: no mail is sent. */
  mail: { server: Sensitive; from: string } | null;
  /** Where signed checkpoints of the audit log are pushed to; null: nowhere. */
  checkpointFile: string | null;
  /** Where they are posted to besides, and the bearer token for it. */
  checkpointTarget: { url: string; token: Sensitive | null } | null;
  /** Object storage that keeps them; null: none does. */
  checkpointStorage: ObjectStorage | null;
  /** Where revocations and shreds are noted, for a restore; null: nowhere. */
  journalFile: string | null;
  /** Who may open backups: age recipients. */
  recoveryRecipients: readonly string[];
  /** How long a superseded version still opens, where nobody says otherwise. */
  graceSeconds: number;
  /** How long a deleted secret can be restored. */
  purgeAfterDays: number;
  /** Where rotators may connect to, besides the public internet. */
  rotationTargets: readonly AllowRule[];
  /** A file that names upstreams, where secrets are that are not here yet; null: there are none. */
  upstreams: string | null;
  /** A file that names who knows tenants' people elsewhere; null: nobody does. */
  signOn: string | null;
  /** How many calls a second are taken of whom. */
  callLimits: CallLimitOptions;
  /** Sentences about what works but is likely not meant. */
  warnings: readonly string[];
}

const MIB = 1024 * 1024;

const RECIPIENT = /^age1(pq1)?[02-9ac-hj-np-z]{58,4096}$/;
const recipientsOf = (list: string): string[] => list.split(/[\s,]+/).filter((one) => one !== "");

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be ${values.slice(0, -1).join(", ")} or ${values.at(-1)}.` });
const wholeNumber = (least: number, most: number, unit = "") => {
  const error = `must be a whole number${unit} from ${least} to ${most}.`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error, abort: true })
    .transform(Number)
    .refine((n) => n >= least && n <= most, { error });
};
const perSecond = wholeNumber(1, 1_000_000, " of calls a second").optional();
const valuesPerSecond = wholeNumber(1, 1_000_000, " of values a second").optional();
const postgresUrl = z.string().refine((text) => /^postgres(ql)?:$/.test(urlOf(text)?.protocol ?? ""), {
  error: "must be a connection string such as postgresql://user:password@host:5432/database.",
});
const path = z.string().refine((text) => !text.includes("\0"), { error: "must be a path." });

const origin = (example: string) =>
  z.string().refine(
    (text) => {
      const url = urlOf(text);
      return (
        url !== null &&
        /^https?:$/.test(url.protocol) &&
        url.pathname === "/" &&
        url.search + url.hash + url.username + url.password === ""
      );
    },
    { error: `must be an address such as ${example}, without a path.` },
  );

const schema = z.object({
  KEYFOLD_MODE: oneOf(["development", "production"]).default("development"),
  KEYFOLD_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, { error: "must be an address or a host name to bind, such as 127.0.0.1." })
    .default("127.0.0.1"),
  KEYFOLD_PORT: wholeNumber(1, 65_535).default(4400),
  KEYFOLD_PUBLIC_URL: origin("https://keyfold.example.com").optional(),
  KEYFOLD_LINKS_PORT: wholeNumber(1, 65_535).optional(),
  KEYFOLD_LINKS_URL: origin("https://links.example.com").optional(),
  KEYFOLD_TRUSTED_PROXIES: z
    .string()
    .refine((list) => parseProxies(list) !== null, {
      error: "must be a list of IP addresses or CIDR ranges, separated by commas.",
    })
    .optional(),
  KEYFOLD_TLS_CERT_FILE: path.optional(),
  KEYFOLD_TLS_KEY_FILE: path.optional(),
  KEYFOLD_DATA_DIR: path.default(".keyfold"),
  DATABASE_URL: postgresUrl.optional(),
  KEYFOLD_EMBEDDED_DATABASE: z
    .enum(["1", "true", "0", "false"], { error: "must be 1 or 0." })
    .transform((text) => text === "1" || text === "true")
    .optional(),
  KEYFOLD_MIGRATION_URL: postgresUrl.optional(),
  KEYFOLD_LISTEN_URL: postgresUrl.optional(),
  KEYFOLD_ROOT_KEY: z.string().optional(),
  KEYFOLD_ROOT_KEY_FILE: path.optional(),
  KEYFOLD_ROOT_KEY_COMMAND: z.string().optional(),
  KEYFOLD_ROOT_KEY_PROVIDER: z.string().optional(),
  KEYFOLD_ALSO_ROOT_KEYS: path.optional(),
  KEYFOLD_TENANT_ROOT_KEYS: path.optional(),
  KEYFOLD_OTHER_ROOT_KEY: z.string().optional(),
  KEYFOLD_OTHER_ROOT_KEY_FILE: path.optional(),
  KEYFOLD_OTHER_ROOT_KEY_COMMAND: z.string().optional(),
  KEYFOLD_OTHER_ROOT_KEY_PROVIDER: z.string().optional(),
  KEYFOLD_HYBRID_SEED: z.string().optional(),
  KEYFOLD_HYBRID_SEED_FILE: path.optional(),
  KEYFOLD_HYBRID_SEED_COMMAND: z.string().optional(),
  KEYFOLD_OTHER_HYBRID_SEED: z.string().optional(),
  KEYFOLD_OTHER_HYBRID_SEED_FILE: path.optional(),
  KEYFOLD_OTHER_HYBRID_SEED_COMMAND: z.string().optional(),
  KEYFOLD_ALGORITHM: oneOf(ALGORITHMS).default("aes-256-gcm"),
  KEYFOLD_LOG_LEVEL: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).optional(),
  KEYFOLD_BOOTSTRAP_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{32,512}$/, {
      error:
        "must have 32 to 512 printable ASCII characters without spaces. Make one with: openssl rand -hex 32",
    })
    .refine((token) => !token.startsWith("kf_"), {
      error: 'must not start with "kf_": those are the tokens that Keyfold makes itself.',
    })
    .optional(),
  KEYFOLD_RECOVER_TENANT: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be a tenant's slug." })
    .optional(),
  KEYFOLD_MAX_VALUE_BYTES: wholeNumber(1, 16 * MIB, " of bytes").default(MIB),
  KEYFOLD_ALLOW_SOLE_HSM: z
    .enum(["1", "true", "0", "false"], { error: "must be 1 or 0." })
    .transform((text) => text === "1" || text === "true")
    .optional(),
  KEYFOLD_REGION: z.string().optional(),
  KEYFOLD_REGIONS: z.string().optional(),
  KEYFOLD_REGION_KEYS: z.string().optional(),
  KEYFOLD_SHRED_WAIT_DAYS: wholeNumber(0, 90, " of days").default(7),
  KEYFOLD_ROOT_KEY_DAYS: wholeNumber(1, 3650, " of days").default(90),
  KEYFOLD_KEY_CACHE_SECONDS: wholeNumber(1, 86_400, " of seconds").default(300),
  KEYFOLD_KEY_CACHE_COUNT: wholeNumber(1, 1_000_000, " of keys").default(10_000),
  KEYFOLD_JOBS: oneOf(["on", "off"]).default("on"),
  KEYFOLD_OUTBOUND_ALLOW: z
    .string()
    .refine((list) => allowOf(list) !== null, {
      error:
        "must be a list of host names, addresses or CIDR ranges, separated by commas, each with http:// before it where plain http is allowed.",
    })
    .optional(),
  KEYFOLD_LIMIT_TOKEN: perSecond,
  KEYFOLD_LIMIT_USER: perSecond,
  KEYFOLD_LIMIT_TENANT: perSecond,
  KEYFOLD_LIMIT_IP: perSecond,
  KEYFOLD_LIMIT_TOKEN_REVEALS: valuesPerSecond,
  KEYFOLD_LIMIT_USER_REVEALS: valuesPerSecond,
  KEYFOLD_LIMIT_TENANT_REVEALS: valuesPerSecond,
  KEYFOLD_BREACHED_PASSWORDS: path.optional(),
  KEYFOLD_SMTP_URL: z
    .string()
    .refine((text) => /^smtps?:$/.test(urlOf(text)?.protocol ?? "") && urlOf(text)?.hostname !== "", {
      error: "must be an address such as smtps://user:password@mail.example.com, or smtp:// for STARTTLS.",
    })
    .optional(),
  KEYFOLD_MAIL_FROM: z
    .string()
    .regex(/^[^\s@<>]+@[^\s@<>]+$/, { error: "must be an e-mail address, which mails come from." })
    .optional(),
  KEYFOLD_CHECKPOINT_FILE: path.optional(),
  KEYFOLD_CHECKPOINT_URL: z
    .string()
    .refine((text) => /^https?:$/.test(urlOf(text)?.protocol ?? ""), {
      error: "must be an address such as https://keeper.example.com/checkpoints.",
    })
    .optional(),
  KEYFOLD_CHECKPOINT_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{1,4096}$/, { error: "must be printable ASCII characters without spaces." })
    .optional(),
  ...objectStorageSettings,
  KEYFOLD_JOURNAL_FILE: path.optional(),
  KEYFOLD_RECOVERY_RECIPIENTS: z
    .string()
    .refine((list) => recipientsOf(list).every((one) => RECIPIENT.test(one)), {
      error:
        "must be a list of age recipients (age1…), separated by spaces or commas. Make one with: keyfold keys recovery-identity",
    })
    .optional(),
  KEYFOLD_GRACE_SECONDS: wholeNumber(0, 7_776_000, " of seconds").default(86_400),
  KEYFOLD_PURGE_AFTER_DAYS: wholeNumber(1, 3650, " of days").default(30),
  KEYFOLD_ROTATION_TARGETS: z
    .string()
    .refine((list) => allowOf(list) !== null, {
      error: "must be a list of host names, addresses or CIDR ranges, separated by commas.",
    })
    .default(""),
  KEYFOLD_UPSTREAMS: path.optional(),
  KEYFOLD_SIGN_ON: path.optional(),
});

/**
 * Reads the settings from an environment; an empty one is an absent one.
 * @param cwd what relative paths are relative to
 * @throws ConfigError with every problem at once
 */
export function parseConfig(environment: Environment, cwd: string): Config {
  const env = Object.fromEntries(Object.entries(environment).filter(([, text]) => text !== ""));
  const parsed = schema.safeParse(env);
  const wrong = new Set<string>();
  const problems: string[] = [];
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (!wrong.has(name)) problems.push(`${name} ${issue.message}`);
    wrong.add(name);
  }
  problems.push(...contradictions(env), ...regionSettings(env).problems);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const given = parsed.data;
  const here = (file: string): string => (isAbsolute(file) ? file : resolve(cwd, file));
  const config: Omit<Config, "warnings"> = {
    mode: given.KEYFOLD_MODE,
    host: given.KEYFOLD_HOST,
    port: given.KEYFOLD_PORT,
    publicUrl: given.KEYFOLD_PUBLIC_URL === undefined ? null : new URL(given.KEYFOLD_PUBLIC_URL),
    links:
      given.KEYFOLD_LINKS_PORT === undefined
        ? null
        : {
            port: given.KEYFOLD_LINKS_PORT,
            publicUrl: given.KEYFOLD_LINKS_URL === undefined ? null : new URL(given.KEYFOLD_LINKS_URL),
          },
    trustedProxies:
      given.KEYFOLD_TRUSTED_PROXIES === undefined ? null : parseProxies(given.KEYFOLD_TRUSTED_PROXIES),
    tls:
      given.KEYFOLD_TLS_CERT_FILE !== undefined && given.KEYFOLD_TLS_KEY_FILE !== undefined
        ? { certFile: here(given.KEYFOLD_TLS_CERT_FILE), keyFile: here(given.KEYFOLD_TLS_KEY_FILE) }
        : null,
    dataDir: here(given.KEYFOLD_DATA_DIR),
    database:
      given.DATABASE_URL === undefined
        ? { kind: "embedded" }
        : {
            kind: "external",
            url: new Sensitive(given.DATABASE_URL),
            role: roleOf(given.DATABASE_URL)!,
            migrationUrl: sensitive(given.KEYFOLD_MIGRATION_URL),
            listenUrl: sensitive(given.KEYFOLD_LISTEN_URL),
          },
    rootKey: rootKeySource(env, "KEYFOLD_ROOT_KEY", here) ?? { from: "data-dir" },
    otherRootKey: rootKeySource(env, "KEYFOLD_OTHER_ROOT_KEY", here),
    alsoRootKeys: given.KEYFOLD_ALSO_ROOT_KEYS === undefined ? null : here(given.KEYFOLD_ALSO_ROOT_KEYS),
    tenantRootKeys:
      given.KEYFOLD_TENANT_ROOT_KEYS === undefined ? null : here(given.KEYFOLD_TENANT_ROOT_KEYS),
    hybridSeed: seedSource(env, "KEYFOLD_HYBRID_SEED", here),
    otherHybridSeed: seedSource(env, "KEYFOLD_OTHER_HYBRID_SEED", here),
    algorithm: given.KEYFOLD_ALGORITHM,
    // A person at a terminal reads sentences; requests are logged where machines collect them.
    logLevel: given.KEYFOLD_LOG_LEVEL ?? (given.KEYFOLD_MODE === "production" ? "info" : "warn"),
    bootstrapToken: sensitive(given.KEYFOLD_BOOTSTRAP_TOKEN),
    recoverTenant: given.KEYFOLD_RECOVER_TENANT ?? null,
    maxValueBytes: given.KEYFOLD_MAX_VALUE_BYTES,
    shredWaitDays: given.KEYFOLD_SHRED_WAIT_DAYS,
    rootKeyDays: given.KEYFOLD_ROOT_KEY_DAYS,
    allowSoleHsm: given.KEYFOLD_ALLOW_SOLE_HSM ?? given.KEYFOLD_MODE === "development",
    regions: regionSettings(env).regions,
    keyring: { seconds: given.KEYFOLD_KEY_CACHE_SECONDS, count: given.KEYFOLD_KEY_CACHE_COUNT },
    jobs: given.KEYFOLD_JOBS === "on",
    outboundAllow: allowOf(given.KEYFOLD_OUTBOUND_ALLOW ?? "") ?? [],
    callLimits: {
      token: given.KEYFOLD_LIMIT_TOKEN ?? null,
      user: given.KEYFOLD_LIMIT_USER ?? null,
      tenant: given.KEYFOLD_LIMIT_TENANT ?? null,
      ip: given.KEYFOLD_LIMIT_IP ?? null,
      reveals: {
        token: given.KEYFOLD_LIMIT_TOKEN_REVEALS ?? null,
        user: given.KEYFOLD_LIMIT_USER_REVEALS ?? null,
        tenant: given.KEYFOLD_LIMIT_TENANT_REVEALS ?? null,
      },
    },
    breachedPasswords:
      given.KEYFOLD_BREACHED_PASSWORDS === undefined ? null : here(given.KEYFOLD_BREACHED_PASSWORDS),
    mail:
      given.KEYFOLD_SMTP_URL === undefined || given.KEYFOLD_MAIL_FROM === undefined
        ? null
        : { server: new Sensitive(given.KEYFOLD_SMTP_URL), from: given.KEYFOLD_MAIL_FROM },
    checkpointFile: given.KEYFOLD_CHECKPOINT_FILE === undefined ? null : here(given.KEYFOLD_CHECKPOINT_FILE),
    checkpointTarget:
      given.KEYFOLD_CHECKPOINT_URL === undefined
        ? null
        : { url: given.KEYFOLD_CHECKPOINT_URL, token: sensitive(given.KEYFOLD_CHECKPOINT_TOKEN) },
    checkpointStorage: objectStorageOf(given),
    journalFile: given.KEYFOLD_JOURNAL_FILE === undefined ? null : here(given.KEYFOLD_JOURNAL_FILE),
    recoveryRecipients: recipientsOf(given.KEYFOLD_RECOVERY_RECIPIENTS ?? ""),
    graceSeconds: given.KEYFOLD_GRACE_SECONDS,
    purgeAfterDays: given.KEYFOLD_PURGE_AFTER_DAYS,
    rotationTargets: allowOf(given.KEYFOLD_ROTATION_TARGETS) ?? [],
    upstreams: given.KEYFOLD_UPSTREAMS === undefined ? null : here(given.KEYFOLD_UPSTREAMS),
    signOn: given.KEYFOLD_SIGN_ON === undefined ? null : here(given.KEYFOLD_SIGN_ON),
  };
  return { ...config, warnings: [...unknownSettings(env), ...doubts(config)] };
}

const sensitive = (text: string | undefined): Sensitive | null =>
  text === undefined ? null : new Sensitive(text);

function allowOf(list: string): readonly AllowRule[] | null {
  try {
    return parseAllow(list);
  } catch {
    return null;
  }
}
