import { z } from "zod";

/**
 * A setting that names another secret of the same tenant, by id: how a rotator is told which account to log in with. Its
 * value is read when a step needs it, and stands in no setting.
 */
export const credentialSchema = z.strictObject({ $secret: z.uuid() });
export type Credential = z.infer<typeof credentialSchema>;

/** The secrets that settings name, each once: who configures a rotator must be allowed to reveal all of them. */
export function credentialsIn(config: unknown): string[] {
  const found = new Set<string>();
  const visit = (node: unknown, depth: number): void => {
    if (node === null || typeof node !== "object" || depth > 16) return;
    const credential = credentialSchema.safeParse(node);
    if (credential.success) found.add(credential.data.$secret);
    else for (const child of Object.values(node)) visit(child, depth + 1);
  };
  visit(config, 0);
  return [...found];
}
