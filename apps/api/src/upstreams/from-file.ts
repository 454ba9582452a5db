import { resolve as absolute } from "node:path";
import { UPSTREAM_NAME, type Upstream } from "@keyfold/secrets";
import { z } from "zod";
import { readSettingsFile } from "../config/json-file.ts";
import { readAwsSecretsManager } from "./aws-secrets-manager.ts";
import type { Fetch } from "./get-json.ts";
import { readInfisical } from "./infisical.ts";
import { readModule } from "./module.ts";
import { readVaultKv } from "./vault-kv.ts";

const names = z.array(z.string().min(1).max(255)).min(1).optional();
const common = {
  name: z.string().regex(UPSTREAM_NAME),
  tenants: names,
  projects: names,
  timeoutMs: z.int().min(10).max(60_000).default(2_000),
  keep: z.boolean().default(false),
  compare: z.boolean().default(false),
};
const url = z.url({ protocol: /^https?$/ });
const path = z
  .string()
  .max(1024)
  .refine((text) => text.includes("{tenant}"), { error: "holds {tenant}" });
const shape = z
  .array(
    z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("infisical"),
        ...common,
        url,
        clientId: z.string().min(1),
        clientSecretFile: z.string().min(1),
        projectId: z.string().min(1),
        path: path.default("/tenants/{tenant}"),
        environments: z.record(z.string(), z.string()).default({}),
      }),
      z.strictObject({
        kind: z.literal("vault-kv"),
        ...common,
        url,
        tokenFile: z.string().min(1),
        mount: z.string().min(1).default("secret"),
        path: path.default("tenants/{tenant}"),
        namespace: z.string().min(1).nullable().default(null),
      }),
      z
        .strictObject({
          kind: z.literal("aws-secrets-manager"),
          ...common,
          url: url.optional(),
          region: z.string().regex(/^[a-z0-9-]{1,64}$/),
          accessKeyId: z.string().min(1).optional(),
          secretAccessKeyFile: z.string().min(1).optional(),
          path: path.default("tenants/{tenant}"),
        })
        .refine(
          ({ accessKeyId, secretAccessKeyFile }) =>
            (accessKeyId === undefined) === (secretAccessKeyFile === undefined),
          { error: "come together", path: ["accessKeyId"] },
        ),
      z.strictObject({ kind: z.literal("module"), ...common, module: z.string().min(1) }),
    ]),
  )
  .min(1)
  .max(16);

type Given = z.output<typeof shape>[number];

/**
 * The upstreams that a file names, in its order: JSON, as docs/migrate/side-by-side.md shows it. The path of each holds
 * `{tenant}`, so that no tenant reads what is another's there.
 * @throws StartError that quotes nothing of what the files hold
 */
export async function upstreamsFrom(
  file: string | null,
  parts: { fetch?: Fetch; clock?: () => number } = {},
): Promise<Upstream[]> {
  if (file === null) return [];
  const { fetch = globalThis.fetch, clock = Date.now } = parts;
  const about = { setting: "KEYFOLD_UPSTREAMS", hint: "See docs/migrate/side-by-side.md." };
  const { holds, wrong, resolve, credential } = await readSettingsFile(file, shape, about);
  const readerOf = async (given: Given): Promise<Upstream["read"]> => {
    switch (given.kind) {
      case "infisical":
        return readInfisical({
          ...given,
          clientSecret: await credential(given.clientSecretFile),
          fetch,
          clock,
        });
      case "vault-kv":
        return readVaultKv({ ...given, token: await credential(given.tokenFile), fetch });
      case "aws-secrets-manager": {
        const { region, path, url, accessKeyId, secretAccessKeyFile } = given;
        const own =
          accessKeyId === undefined || secretAccessKeyFile === undefined
            ? {}
            : { credentials: { accessKeyId, secretAccessKey: await credential(secretAccessKeyFile) } };
        return readAwsSecretsManager({ region, path, ...(url === undefined ? {} : { url }), ...own });
      }
      case "module": {
        const at = absolute(resolve(given.module));
        const read = await readModule(at);
        if (read === null)
          throw wrong(
            `which names a module, ${at}, whose default export is no SecretSource with a read function`,
          );
        return read;
      }
    }
  };
  if (new Set(holds.map(({ name }) => name)).size < holds.length)
    throw wrong("in which two upstreams have one name");
  return Promise.all(
    holds.map(async (given): Promise<Upstream> => {
      const { name, timeoutMs, keep, compare, tenants, projects } = given;
      return {
        name,
        timeoutMs,
        keeps: keep,
        compares: compare,
        serves: ({ tenant, project }) =>
          (tenants?.includes(tenant.slug) ?? true) && (projects?.includes(project.name) ?? true),
        read: await readerOf(given),
      };
    }),
  );
}
