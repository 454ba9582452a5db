import { EnvelopeError } from "@keyfold/envelope";

/**
 * A vendor's package, loaded only by the provider that needs it.
 * @throws EnvelopeError `provider_unavailable`, with a sentence that says what to install
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    throw new EnvelopeError(
      "provider_unavailable",
      missing
        ? `This root key needs the package ${name}, which is not installed (or was not built). Add it with: npm install ${name}`
        : `This root key needs the package ${name}, which is installed but cannot be loaded.`,
    );
  }
}

/**
 * A provider that cannot be made from what it was given.
 * @param sentence says what is wrong and what would be right; holds nothing secret
 */
export function badSetting(sentence: string): EnvelopeError {
  return new EnvelopeError("bad_root_key", sentence);
}
