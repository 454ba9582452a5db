import { randomUUID } from "node:crypto";
import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
  WebAuthnCredential,
} from "@simplewebauthn/server";
import { z } from "zod";
import { KeyfoldError } from "../../error.ts";
import type { RequestInfo } from "../../flow/call.ts";
import type { Services } from "../../flow/services.ts";
import { parseInput } from "../../flow/verb.ts";
import { displayName } from "../../input/text.ts";
import { personsServedHere } from "../../region/gate.ts";
import { findPersonSession } from "../../session/find.ts";
import { freshSession } from "../fresh.ts";
import { whoIs } from "../newcomer.ts";
import { ours, withPeople } from "../ours.ts";
import { tellTurnedAway } from "../refused.ts";
import { enrolInput } from "../schema.ts";
import { endSessionsOf, type Started, startPersonSession } from "../session.ts";
import { findPerson, lockPerson } from "../store.ts";
import { onlyTenant } from "../tenants.ts";
import { tellPerson } from "../told.ts";
import { noteChallenge, refusedPasskey, takeChallenge } from "./challenge.ts";
import { type Enrolled, factorAdded } from "./enrol.ts";
import { type FactorRow, factorsOf, insertFactor, saveFactor } from "./store.ts";

/*
 * Passkeys (WebAuthn Level 3): discoverable credentials with user verification, so that one is possession and a PIN or a
 * finger at once, and signs in by itself. No attestation is asked for: which make it is, is nobody's business here.
 */

/** Which site a passkey is for, as the browser sees it: an adapter knows. */
export interface Site {
  /** The host name. */
  rpId: string;
  origins: readonly string[];
}

const MOST = 20;
const bytes = z.string().regex(/^[A-Za-z0-9_-]{1,8192}$/);
const credential = { id: bytes, rawId: bytes, type: z.literal("public-key") };
const common = {
  clientExtensionResults: z.looseObject({}).default({}),
  authenticatorAttachment: z.string().nullish(),
};
const addInput = z.strictObject({
  name: displayName,
  response: z.object({
    ...credential,
    ...common,
    response: z.object({ clientDataJSON: bytes, attestationObject: bytes }),
  }),
});
const proveInput = z.strictObject({
  response: z.object({
    ...credential,
    ...common,
    response: z.object({
      clientDataJSON: bytes,
      authenticatorData: bytes,
      signature: bytes,
      userHandle: bytes.nullish(),
    }),
  }),
});

// Loaded when somebody uses a passkey: most processes never verify one.
const library = () => import("@simplewebauthn/server");

/** What the browser is asked to make. @throws KeyfoldError as `freshSession`; `illegal_state` where there are many already */
export async function beginPasskey(services: Services, request: RequestInfo, site: Site, given: unknown) {
  const { current } = parseInput(enrolInput, given);
  const { person } = await freshSession(services, request, current);
  const { generateRegistrationOptions } = await library();
  return withPeople(services, async (tx) => {
    const own = (await factorsOf(services, tx, person.id)).filter((factor) => factor.kind === "passkey");
    if (own.length >= MOST) throw new KeyfoldError("illegal_state");
    const options = await generateRegistrationOptions({
      rpName: "Keyfold",
      rpID: site.rpId,
      userName: person.email,
      userDisplayName: person.name,
      userID: new Uint8Array(Buffer.from(person.id.replaceAll("-", ""), "hex")),
      attestationType: "none",
      excludeCredentials: own.map((factor) => ({ id: Buffer.from(factor.digest!).toString("base64url") })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    await noteChallenge(services, tx, options.challenge, "passkey-add", person.id);
    await tellPerson(services, tx, request, person, "session", "person.factor_begun", {
      target: { type: "person", id: person.id, name: person.name },
      details: { kind: "passkey" },
    });
    return options;
  });
}

/** Keeps a passkey that the browser made. Every session ends but the one that asks, which goes on as another. */
export async function addPasskey(
  services: Services,
  request: RequestInfo,
  site: Site,
  given: unknown,
): Promise<Enrolled> {
  const { name, response } = parseInput(addInput, given);
  const asking = await ours(() => findPersonSession(services, request.credential));
  const { id } = asking.person;
  const challenge = challengeIn(response.response.clientDataJSON);
  await withPeople(services, (tx) => takeChallenge(services, tx, challenge, "passkey-add", id));
  const { verifyRegistrationResponse } = await library();
  const verified = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: [...site.origins],
    expectedRPID: site.rpId,
    requireUserVerification: true,
  }).catch(() => null);
  if (verified?.verified !== true) throw refusedPasskey();
  const made = verified.registrationInfo.credential;
  return withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, id);
    const factor = { id: randomUUID(), name };
    await insertFactor(services, tx, {
      ...factor,
      personId: id,
      kind: "passkey",
      sealed: null,
      dekWrap: null,
      digest: Buffer.from(made.id, "base64url"),
      publicKey: Buffer.from(made.publicKey),
      counter: BigInt(made.counter),
      confirmedAt: tx.now,
      usedAt: null,
      createdAt: tx.now,
    });
    return factorAdded(services, tx, request, person, asking, factor);
  });
}

/** What the browser is asked to sign, whoever sits before it. */
export async function askForPasskey(services: Services, site: Site) {
  personsServedHere(services);
  const { generateAuthenticationOptions } = await library();
  const options = await generateAuthenticationOptions({ rpID: site.rpId, userVerification: "required" });
  await withPeople(services, (tx) => noteChallenge(services, tx, options.challenge, "passkey-prove", null));
  return options;
}

/**
 * Signs in by a passkey alone; or, for who is signed in, proves a factor anew: then another session takes this one's place.
 * @throws KeyfoldError `unauthenticated` for a passkey that is not known, and for somebody suspended; `bad_input`
 */
export async function signInByPasskey(
  services: Services,
  request: RequestInfo,
  site: Site,
  given: unknown,
): Promise<Started> {
  const { response } = parseInput(proveInput, given);
  personsServedHere(services);
  const challenge = challengeIn(response.response.clientDataJSON);
  const known = await withPeople(services, async (tx) => {
    await takeChallenge(services, tx, challenge, "passkey-prove", null);
    const found = await tx.sql.personFactor.findUnique({
      where: { digest: Buffer.from(response.id, "base64url") },
    });
    if (found === null || found.kind !== "passkey") return null;
    services.mac.check("personFactors", null, found);
    const whose = await findPerson(services, tx, { id: found.personId });
    return whose && { factor: found as FactorRow, whose };
  });
  if (known === null) throw unknown();
  const { factor, whose } = known;
  const { verifyAuthenticationResponse } = await library();
  const verified = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: [...site.origins],
    expectedRPID: site.rpId,
    requireUserVerification: true,
    credential: {
      id: response.id,
      publicKey: new Uint8Array(factor.publicKey!),
      counter: Number(factor.counter),
    } as WebAuthnCredential,
  }).catch(() => null);
  if (verified?.verified !== true) {
    await tellTurnedAway(services, request, whose, "passkey");
    throw refusedPasskey();
  }
  if (whose.suspendedAt !== null) {
    await tellTurnedAway(services, request, whose, "suspended");
    throw unknown();
  }
  const { newCounter } = verified.authenticationInfo;
  const asking = await whoIs(services, request);
  return withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, factor.personId);
    if (person.suspendedAt !== null) throw unknown();
    await saveFactor(services, tx, factor, { counter: BigInt(newCounter), usedAt: tx.now });
    const here = asking?.person.id === person.id ? asking : null;
    if (here !== null) await endSessionsOf(services, tx, person.id, { id: here.id });
    const started = await startPersonSession(services, tx, request, person, {
      factorAt: tx.now,
      tenantId: here === null ? await onlyTenant(tx, person) : here.tenantId,
    });
    await tellPerson(
      services,
      tx,
      request,
      person,
      "passkey",
      here === null ? "person.signed_in" : "person.factor_proved",
      {
        target: { type: "person", id: person.id, name: person.name },
        details: { factor: factor.id },
      },
    );
    return started;
  });
}

const unknown = () => new KeyfoldError("unauthenticated", { sentence: "This passkey is not known here." });

/** The challenge that a browser says it answered. @throws KeyfoldError `bad_input` */
function challengeIn(clientDataJSON: string): string {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8")) as {
      challenge?: unknown;
    };
    if (typeof challenge === "string" && challenge.length <= 200) return challenge;
  } catch {
    // Said below.
  }
  throw refusedPasskey();
}
