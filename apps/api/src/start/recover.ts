import { KeyfoldError, type KeyfoldServer } from "@keyfold/secrets";
import { StartError } from "./start-error.ts";

/**
 * Makes a tenant that has lost its last token a new one, at the word of whoever starts the process.
 * @returns what to print, once
 * @throws StartError where there is no such tenant
 */
export async function recoverTenant(slug: string, keyfold: KeyfoldServer): Promise<string> {
  const token = await keyfold.recoverTenant(slug).catch((error: unknown) => {
    if (!(error instanceof KeyfoldError && error.code === "not_found")) throw error;
    throw new StartError(
      `KEYFOLD_RECOVER_TENANT names the tenant "${slug}", and there is none of that slug.`,
    );
  });
  return `
A token that may do everything in the tenant "${slug}", shown this once:

  ${token}

Its audit log shows that it was made. Take KEYFOLD_RECOVER_TENANT out again: each start with it makes another.
`;
}
