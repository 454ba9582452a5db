import { randomBytes, randomUUID } from "node:crypto";
import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../../error.ts";
import type { RequestInfo } from "../../flow/call.ts";
import type { Services } from "../../flow/services.ts";
import { parseInput } from "../../flow/verb.ts";
import { id as idSchema } from "../../input/text.ts";
import { findPersonSession } from "../../session/find.ts";
import { forgetAttempts, reserveAttempt } from "../attempts.ts";
import { freshSession } from "../fresh.ts";
import { ours, withPeople } from "../ours.ts";
import { enrolInput, factorInput } from "../schema.ts";
import { renewSession, type Started } from "../session.ts";
import { lockPerson, type PersonRow, savePerson } from "../store.ts";
import { tellPerson } from "../told.ts";
import { WrongProof } from "../wrong-proof.ts";
import { recoveryDigest } from "./prove.ts";
import { factorsOf, insertFactor, saveFactor } from "./store.ts";
import { keyUri, newSecret, stepOf } from "./totp.ts";

/** A new session, and recovery codes where some were made: shown this once. */
export interface Enrolled {
  started: Started;
  recoveryCodes: string[] | null;
}

const RECOVERY_CODES = 10;

/**
 * Begins to set up an authenticator app: a secret for it, which counts from when a code of it was given back.
 * @throws KeyfoldError as `freshSession`; `illegal_state` where there is an app already
 */
export async function beginTotp(services: Services, request: RequestInfo, given: unknown) {
  const { current } = parseInput(enrolInput, given);
  const asking = await freshSession(services, request, current);
  return withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, asking.person.id);
    const factors = await factorsOf(services, tx, person.id);
    if (factors.some((factor) => factor.kind === "totp" && factor.confirmedAt !== null))
      throw new KeyfoldError("illegal_state", { sentence: ONE_APP });
    await tx.sql.personFactor.deleteMany({ where: { personId: person.id, kind: "totp" } });
    const id = randomUUID();
    const { secret, sealed, dekWrap } = newSecret(services, person.id, id);
    await insertFactor(services, tx, {
      id,
      personId: person.id,
      kind: "totp",
      name: "Authenticator app",
      sealed,
      dekWrap,
      digest: null,
      publicKey: null,
      counter: 0n,
      confirmedAt: null,
      usedAt: null,
      createdAt: tx.now,
    });
    await tellPerson(services, tx, request, person, "session", "person.factor_begun", {
      target: { type: "factor", id, name: "Authenticator app" },
      details: { kind: "totp" },
    });
    return { secret, uri: keyUri(secret, person.email, "Keyfold") };
  });
}

const ONE_APP = "An authenticator app is set up already. Remove it first.";

/**
 * Ends the setting up with a code of the app: from now on a second factor is asked for. Every session ends; another takes
 * the place of the one that asks.
 * @throws KeyfoldError `unauthenticated`, `too_many_attempts`; `illegal_state` where none was begun; `bad_input`
 */
export async function confirmTotp(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<Enrolled> {
  const { code } = parseInput(factorInput, given);
  const asking = await ours(() => findPersonSession(services, request.credential));
  const { id } = asking.person;
  await withPeople(services, (tx) => reserveAttempt(services, tx, id));
  return withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, id);
    const factor = (await factorsOf(services, tx, id)).find((one) => one.kind === "totp");
    if (factor === undefined || factor.confirmedAt !== null) throw new KeyfoldError("illegal_state");
    const sealed = { ...factor, sealed: factor.sealed!, dekWrap: factor.dekWrap! };
    const step = stepOf(services, sealed, code, tx.now, factor.counter);
    if (step === null) throw new WrongProof("code", "is not the app's code of now");
    await saveFactor(services, tx, factor, { counter: step, confirmedAt: tx.now, usedAt: tx.now });
    await forgetAttempts(services, tx, id);
    return factorAdded(services, tx, request, person, asking, { id: factor.id, name: factor.name });
  });
}

/** What follows when a person has one factor more, in the transaction that added it. */
export async function factorAdded(
  services: Services,
  tx: Transaction,
  request: RequestInfo,
  person: PersonRow,
  asking: Parameters<typeof renewSession>[4],
  factor: { id: string; name: string },
): Promise<Enrolled> {
  const first = !person.factorRequired;
  const recoveryCodes = first ? await newCodes(services, tx, person.id) : null;
  const now = first ? await savePerson(services, tx, person, { factorRequired: true }) : person;
  const started = await renewSession(services, tx, request, now, asking, tx.now);
  await tellPerson(services, tx, request, now, "session", "person.factor_added", {
    target: { type: "factor", ...factor },
  });
  return { started, recoveryCodes };
}

/**
 * Takes a factor away. With the last one the recovery codes go, and the password does alone again. Every session ends.
 * @throws KeyfoldError as `freshSession`; `not_found`
 */
export async function removeFactor(
  services: Services,
  request: RequestInfo,
  given: string,
): Promise<Enrolled> {
  const id = parseInput(idSchema, given);
  const asking = await freshSession(services, request, undefined);
  return withPeople(services, async (tx) => {
    let person = await lockPerson(services, tx, asking.person.id);
    const factors = (await factorsOf(services, tx, person.id)).filter((one) => one.kind !== "recovery");
    const factor = factors.find((one) => one.id === id);
    if (factor === undefined) throw new KeyfoldError("not_found");
    await tx.sql.personFactor.delete({ where: { id } });
    if (!factors.some((one) => one.id !== id && one.confirmedAt !== null)) {
      await tx.sql.personFactor.deleteMany({ where: { personId: person.id, kind: { not: "oidc" } } });
      person = await savePerson(services, tx, person, { factorRequired: false });
    }
    const started = await renewSession(services, tx, request, person, asking, asking.factorAt);
    await tellPerson(services, tx, request, person, "session", "person.factor_removed", {
      target: { type: "factor", id, name: factor.name },
    });
    return { started, recoveryCodes: null };
  });
}

/**
 * Makes ten recovery codes in the place of those that were. Every session ends.
 * @throws KeyfoldError as `freshSession`; `illegal_state` for who has no second factor
 */
export async function renewRecoveryCodes(services: Services, request: RequestInfo): Promise<Enrolled> {
  const asking = await freshSession(services, request, undefined);
  return withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, asking.person.id);
    if (!person.factorRequired) throw new KeyfoldError("illegal_state");
    const recoveryCodes = await newCodes(services, tx, person.id);
    const started = await renewSession(services, tx, request, person, asking, asking.factorAt);
    await tellPerson(services, tx, request, person, "session", "person.recovery_codes_made", {
      target: { type: "person", id: person.id, name: person.name },
    });
    return { started, recoveryCodes };
  });
}

/** Ten codes of 50 random bits, of which digests are stored. */
async function newCodes(services: Services, tx: Transaction, personId: string): Promise<string[]> {
  await tx.sql.personFactor.deleteMany({ where: { personId, kind: "recovery" } });
  const codes = Array.from({ length: RECOVERY_CODES }, newCode);
  for (const code of codes)
    await insertFactor(services, tx, {
      id: randomUUID(),
      personId,
      kind: "recovery",
      name: "Recovery code",
      sealed: null,
      dekWrap: null,
      digest: recoveryDigest(services, personId, code),
      publicKey: null,
      counter: 0n,
      confirmedAt: tx.now,
      usedAt: null,
      createdAt: tx.now,
    });
  return codes;
}

/** Crockford's letters: none is taken for another. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

function newCode(): string {
  const code = [...randomBytes(10)].map((byte) => LETTERS[byte & 31]).join("");
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}
