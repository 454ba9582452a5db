import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { UPSTREAM_NAME, type Upstream } from "@keyfold/secrets";
import { z } from "zod";
import { StartError } from "../start/start-error.ts";
import type { Fetch } from "./get-json.ts";
import { readInfisical } from "./infisical.ts";
import { readVaultKv } from "./vault-kv.ts";

const names = z.array(z.string().min(1).max(255)).min(1).optional();
const common = {
  name: z.string().regex(UPSTREAM_NAME),
  url: z.url({ protocol: /^https?$/ }),
  tenants: names,
  projects: names,
  timeoutMs: z.int().min(10).max(60_000).default(2_000),
  keep: z.boolean().default(false),
  compare: z.boolean().default(false),
};
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
        clientId: z.string().min(1),
        clientSecretFile: z.string().min(1),
        projectId: z.string().min(1),
        path: path.default("/tenants/{tenant}"),
        environments: z.record(z.string(), z.string()).default({}),
      }),
      z.strictObject({
        kind: z.literal("vault-kv"),
        ...common,
        tokenFile: z.string().min(1),
        mount: z.string().min(1).default("secret"),
        path: path.default("tenants/{tenant}"),
        namespace: z.string().min(1).nullable().default(null),
      }),
    ]),
  )
  .min(1)
  .max(16);

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
  const wrong = (what: string) => new StartError(`KEYFOLD_UPSTREAMS names ${file}, ${what}.`);
  const text = await readFile(file, "utf8").catch(() => {
    throw wrong("which cannot be read");
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong("which is no JSON");
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success)
    throw wrong(
      `and what it holds at "${parsed.error.issues[0]!.path.join(".")}" is not right: see docs/migrate/side-by-side.md`,
    );
  const credential = async (name: string) => {
    const at = isAbsolute(name) ? name : join(dirname(file), name);
    const held = await readFile(at, "utf8").catch(() => {
      throw wrong(`which names a credential's file, ${at}, that cannot be read`);
    });
    if (held.trim() === "") throw wrong(`which names a credential's file, ${at}, that is empty`);
    return held.trim();
  };
  if (new Set(parsed.data.map(({ name }) => name)).size < parsed.data.length)
    throw wrong("in which two upstreams have one name");
  return Promise.all(
    parsed.data.map(async (given): Promise<Upstream> => {
      const { name, timeoutMs, keep, compare, tenants, projects } = given;
      return {
        name,
        timeoutMs,
        keeps: keep,
        compares: compare,
        serves: ({ tenant, project }) =>
          (tenants?.includes(tenant.slug) ?? true) && (projects?.includes(project.name) ?? true),
        read:
          given.kind === "infisical"
            ? readInfisical({
                ...given,
                clientSecret: await credential(given.clientSecretFile),
                fetch,
                clock,
              })
            : readVaultKv({ ...given, token: await credential(given.tokenFile), fetch }),
      };
    }),
  );
}
