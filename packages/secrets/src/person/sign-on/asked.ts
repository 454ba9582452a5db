import type { Services } from "../../flow/services.ts";
import { credentialDigest } from "../../token/secret.ts";
import type { Asked, SignOnProvider } from "./provider.ts";

/**
 * Draws what is asked of a provider from the browser's secret: nothing of it needs to be stored, and an answer is of use
 * only in the browser that asked.
 */
export function askedOf(
  services: Services,
  provider: SignOnProvider,
  binding: string,
  redirectUri: string,
): Asked {
  const draw = (what: string) =>
    credentialDigest(
      services.tokenKey,
      "sign-on",
      JSON.stringify([what, provider.tenant, provider.issuer, binding]),
    ).toString("base64url");
  return { redirectUri, state: draw("state"), nonce: draw("nonce"), verifier: draw("verifier") };
}
