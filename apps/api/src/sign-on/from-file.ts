import type { SignOnProvider } from "@keyfold/secrets";
import { z } from "zod";
import { readSettingsFile } from "../config/json-file.ts";
import { isLoopback } from "../config/loopback.ts";

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

/**
 * The providers that a file names: JSON, as docs/people.md shows it.
 * @throws StartError that quotes nothing of what the files hold
 */
export async function signOnFrom(file: string | null): Promise<SignOnProvider[]> {
  if (file === null) return [];
  // Loaded where it is configured only.
  const { oidcProvider } = await import("./oidc.ts");
  const about = { setting: "KEYFOLD_SIGN_ON", hint: "See docs/people.md." };
  const { holds, wrong, credential } = await readSettingsFile(file, shape, about);
  const domains = holds.flatMap((given) => given.domains);
  if (new Set(domains).size < domains.length) throw wrong("in which one domain stands twice");
  return Promise.all(
    holds.map(async ({ clientSecretFile, ...given }) => {
      const { protocol, hostname } = new URL(given.issuer);
      const insecure = protocol === "http:";
      if (insecure && !isLoopback(hostname))
        throw wrong("which names an issuer over plain http: only one on this machine may be");
      return oidcProvider({ ...given, clientSecret: await credential(clientSecretFile) }, { insecure });
    }),
  );
}
