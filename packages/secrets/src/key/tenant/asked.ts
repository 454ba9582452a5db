import { EnvelopeError } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";

/** Asks a key service; its errors come out as ours. */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    throw new KeyfoldError(error.code === "provider_unavailable" ? "key_unavailable" : "decryption_failed", {
      cause: error,
    });
  }
}
