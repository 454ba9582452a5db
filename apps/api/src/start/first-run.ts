import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { generateToken, KeyfoldError, type KeyfoldServer, requestInfo, verbs } from "@keyfold/secrets";
import type { Config } from "../config.ts";

/** What a first run made, to be shown once. */
export interface FirstRun {
  /** Null where it is the one in KEYFOLD_BOOTSTRAP_TOKEN, which the person has. */
  operatorToken: string | null;
  /** A service token that may do everything in the tenant `demo`; development only. */
  demoToken: string | null;
  /** The secret of the link by which the first person becomes an operator. */
  operatorLink: string;
  /** Call it once everything was shown. */
  done(): Promise<void>;
}

const DEMO = "demo";

/**
 * Makes what a first run makes: the operator's token, a link for the first operator and, in development, the tenant `demo` with a token. A run that
 * was cut short is taken up again: until the tokens were shown, a 0600 file in the data folder remembers that they are
 * still to be shown, and which operator's token it was.
 * @returns null on every later start
 */
export async function makeFirstRun(
  config: Pick<Config, "mode" | "dataDir" | "bootstrapToken">,
  keyfold: KeyfoldServer,
): Promise<FirstRun | null> {
  const bootstrap = config.bootstrapToken?.reveal() ?? null;
  if (config.mode === "production") {
    if (await keyfold.hasOperatorToken()) return null;
    // openDeployment has refused an empty database without it; a first run cut short may have left none yet.
    if (bootstrap === null) return null;
    await keyfold.createOperatorToken("first operator", bootstrap);
    return {
      operatorToken: null,
      demoToken: null,
      operatorLink: await linkOf(keyfold),
      done: async () => {},
    };
  }
  const path = join(config.dataDir, "first-run.json");
  let operatorToken = await readPending(path);
  const exists = await keyfold.hasOperatorToken();
  if (operatorToken === null) {
    if (exists) return null;
    operatorToken = bootstrap ?? generateToken();
    await writePending(path, operatorToken);
  }
  if (!exists) await keyfold.createOperatorToken("first operator", operatorToken);
  const demoToken = await makeDemo(keyfold, operatorToken);
  return {
    operatorToken: operatorToken === bootstrap ? null : operatorToken,
    demoToken,
    operatorLink: await linkOf(keyfold),
    done: () => rm(path, { force: true }),
  };
}

const linkOf = async (keyfold: KeyfoldServer): Promise<string> =>
  (await keyfold.people.host.firstOperatorLink()).secret;

/** The tenant `demo` and a token for it; one of an earlier try, which nobody saw, is revoked and made anew. */
async function makeDemo(keyfold: KeyfoldServer, operatorToken: string): Promise<string> {
  const request = () => requestInfo({ token: operatorToken, userAgent: "keyfold start" });
  await keyfold
    .invoke(verbs.tenants.create, request(), { slug: DEMO, name: "Demo" })
    .catch((error: unknown) => {
      if (!(error instanceof KeyfoldError && error.code === "name_taken")) throw error;
    });
  const { tokens } = await keyfold.invoke(verbs.tokens.list, request(), { tenant: DEMO });
  if (tokens.length > 0) {
    for (const { id, revokedAt } of tokens)
      if (revokedAt === null) await keyfold.invoke(verbs.tokens.revoke, request(), { tenant: DEMO, id });
    return keyfold.recoverTenant(DEMO);
  }
  const made = await keyfold.invoke(verbs.tokens.create, request(), {
    tenant: DEMO,
    name: "demo",
    preset: "admin",
  });
  return made.token!;
}

async function readPending(path: string): Promise<string | null> {
  try {
    const { operatorToken } = JSON.parse(await readFile(path, "utf8")) as { operatorToken?: unknown };
    return typeof operatorToken === "string" ? operatorToken : null;
  } catch {
    return null; // none, or cut short while it was written: then nothing was made from it yet
  }
}

async function writePending(path: string, operatorToken: string): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify({ operatorToken }));
    await file.sync();
  } finally {
    await file.close();
  }
}
