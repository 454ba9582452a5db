import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import type { SignOnProvider } from "@keyfold/secrets";
import { z } from "zod";
import { StartError } from "../start/start-error.ts";
import { oidcProvider } from "./oidc.ts";

const shape = z
  .array(
    z.strictObject({
      tenant: z.string().min(1).max(63),
      issuer: z.url({ protocol: /^https?$/ }),
      clientId: z.string().min(1).max(512),
      clientSecretFile: z.string().min(1),
      domains: z
        .array(
          z
            .string()
            .max(253)
            .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/),
        )
        .min(1)
        .max(100),
    }),
  )
  .min(1)
  .max(1000);

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * The providers that a file names: JSON, as docs/people.md shows it.
 * @throws StartError that quotes nothing of what the files hold
 */
export async function signOnFrom(file: string | null): Promise<SignOnProvider[]> {
  if (file === null) return [];
  const wrong = (what: string) => new StartError(`KEYFOLD_SIGN_ON names ${file}, ${what}.`);
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
      `and what it holds at "${parsed.error.issues[0]!.path.join(".")}" is not right: see docs/people.md`,
    );
  const domains = parsed.data.flatMap((given) => given.domains);
  if (new Set(domains).size < domains.length) throw wrong("in which one domain stands twice");
  return Promise.all(
    parsed.data.map(async ({ clientSecretFile, ...given }) => {
      const { protocol, hostname } = new URL(given.issuer);
      const insecure = protocol === "http:";
      if (insecure && !LOOPBACK.has(hostname))
        throw wrong("which names an issuer over plain http: only one on this machine may be");
      const at = isAbsolute(clientSecretFile) ? clientSecretFile : join(dirname(file), clientSecretFile);
      const clientSecret = await readFile(at, "utf8").catch(() => {
        throw wrong(`which names a secret's file, ${at}, that cannot be read`);
      });
      if (clientSecret.trim() === "") throw wrong(`which names a secret's file, ${at}, that is empty`);
      return oidcProvider({ ...given, clientSecret: clientSecret.trim() }, { insecure });
    }),
  );
}
