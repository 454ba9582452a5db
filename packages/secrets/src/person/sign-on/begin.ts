import { randomBytes } from "node:crypto";
import { z } from "zod";
import { KeyfoldError } from "../../error.ts";
import type { Services } from "../../flow/services.ts";
import { parseInput } from "../../flow/verb.ts";
import { personsServedHere } from "../../region/gate.ts";
import { noteChallenge } from "../factor/challenge.ts";
import { withPeople } from "../ours.ts";
import { email } from "../schema.ts";
import { askedOf } from "./asked.ts";
import { ProviderUnreachable } from "./provider.ts";

const beginInput = z.strictObject({ email });

/** The domain of an e-mail address. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1);

/**
 * Sends somebody to the provider that speaks for their address. Whether somebody has it is not told; whether its domain
 * signs in elsewhere is.
 * @returns where to, and the secret that binds the answer to this browser
 * @throws KeyfoldError `not_found` for a domain that no provider speaks for; `busy` where it does not answer
 */
export async function beginSignOn(
  services: Services,
  redirectUri: string,
  given: unknown,
): Promise<{ url: string; binding: string }> {
  const input = parseInput(beginInput, given);
  personsServedHere(services);
  const provider = services.signOn.find(({ domains }) => domains.includes(domainOf(input.email)));
  if (provider === undefined)
    throw new KeyfoldError("not_found", {
      sentence: "Nobody signs in elsewhere with an address of this domain. Use your password.",
    });
  const binding = randomBytes(32).toString("base64url");
  const asked = askedOf(services, provider, binding, redirectUri);
  const url = await unlessSilent(services, provider.issuer, () => provider.begin(asked, input.email));
  await withPeople(services, (tx) => noteChallenge(services, tx, asked.state, "sign-on", null));
  return { url, binding };
}

/** @throws KeyfoldError `busy` */
export async function unlessSilent<T>(
  services: Services,
  issuer: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProviderUnreachable)) throw error;
    services.log.warn({ code: "busy", issuer }, "a sign-on provider does not answer as it should");
    throw new KeyfoldError("busy", {
      sentence: "Your sign-in provider does not answer. Try again, or sign in another way.",
    });
  }
}
