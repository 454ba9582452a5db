import { withDeployment } from "@keyfold/db";
import type { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { personsServedHere } from "../region/gate.ts";
import { findPersonSession } from "../session/find.ts";
import { forgetAttempts, forgiveAttempt, MOST_FAILURES, reserveAttempt } from "./attempts.ts";
import { proveFactor } from "./factor/prove.ts";
import { ours, withPeople } from "./ours.ts";
import { tellTurnedAway } from "./refused.ts";
import { factorInput, type signInInput as Input, signInInput } from "./schema.ts";
import { endSessionsOf, type Started, startPersonSession } from "./session.ts";
import { findPerson, lockPerson, type PersonRow } from "./store.ts";
import { onlyTenant } from "./tenants.ts";
import { tellPerson, type Via } from "./told.ts";
import { WrongProof } from "./wrong-proof.ts";

const WRONG = "The e-mail address, the password or the code is wrong.";

/**
 * Signs a person in with an address and a password, and a code where one is asked for. Somebody who is not known, a wrong
 * password and somebody who is suspended are one answer, after the same work.
 * @throws KeyfoldError `unauthenticated`, `too_many_attempts`; `factor_required` after the right password, where a code
 * was not given; `busy`
 */
export async function signIn(services: Services, request: RequestInfo, given: unknown): Promise<Started> {
  const input = parseInput(signInInput, given);
  personsServedHere(services);
  const { found, count } = await withPeople(services, async (tx) => ({
    count: await reserveAttempt(services, tx, input.email),
    found: await findPerson(services, tx, { email: input.email }),
  }));
  const right = await ours(() => services.people.passwords.verify(input.password, found?.password ?? null));
  const person = right && found !== null && found.suspendedAt === null ? found : null;
  // Not in `ours`: each of these is a transaction of its own, and a refusal is told of in one that commits.
  const started = person === null ? "wrong" : await ours(() => begin(services, request, person, input));
  if (started === "wrong") {
    await ours(() => tellRefusal(services, request, found, count));
    throw new KeyfoldError("unauthenticated", { sentence: WRONG });
  }
  if (started === "factor_required") {
    // Whoever has the password and not the factor is told of, however they go on.
    await tellTurnedAway(services, request, found!, started);
    throw new KeyfoldError("factor_required");
  }
  return started;
}

async function begin(
  services: Services,
  request: RequestInfo,
  { id, password }: PersonRow,
  input: z.output<typeof Input>,
): Promise<Started | "wrong" | "factor_required"> {
  return withDeployment(services.db, async (tx) => {
    const person = await lockPerson(services, tx, id);
    // What was verified is what stands there now.
    if (person.password !== password || person.suspendedAt !== null) return "wrong";
    let via: Via = "password";
    if (person.factorRequired) {
      if (input.code === undefined) {
        await forgiveAttempt(services, tx, input.email);
        return "factor_required";
      }
      const proved = await proveFactor(services, tx, person, input.code);
      if (proved === null) return "wrong";
      via = proved;
    }
    await forgetAttempts(services, tx, input.email);
    const started = await startPersonSession(services, tx, request, person, {
      factorAt: via === "password" ? null : tx.now,
      tenantId: await onlyTenant(tx, person),
    });
    await tellPerson(services, tx, request, person, via, "person.signed_in", {
      target: { type: "person", id: person.id, name: person.name },
    });
    return started;
  });
}

/** The first failure of a quarter of an hour is told of, and the one after which no more are tried; not each of thousands. */
async function tellRefusal(services: Services, request: RequestInfo, found: PersonRow | null, count: number) {
  if (count !== 1 && count !== MOST_FAILURES) return;
  await withDeployment(services.db, (tx) =>
    tellPerson(services, tx, request, null, null, "person.signed_in", {
      outcome: "denied",
      target: { type: "person", id: found?.id ?? null, name: found?.name ?? null },
      details: { failures: count },
    }),
  );
}

/**
 * Proves a second factor anew, for what asks for a fresh one: another session takes this one's place.
 * @throws KeyfoldError `unauthenticated`, `too_many_attempts`; `bad_input` for a code that is wrong or was used
 */
export async function stepUp(services: Services, request: RequestInfo, given: unknown): Promise<Started> {
  const { code } = parseInput(factorInput, given);
  const asking = await ours(() => findPersonSession(services, request.credential));
  const { id } = asking.person;
  await withPeople(services, (tx) => reserveAttempt(services, tx, id));
  const started = await withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, id);
    const via = await proveFactor(services, tx, person, code);
    if (via === null) return null;
    await forgetAttempts(services, tx, id);
    if ((await endSessionsOf(services, tx, id, { id: asking.id })) === 0)
      throw new KeyfoldError("unauthenticated");
    const next = await startPersonSession(services, tx, request, person, {
      factorAt: tx.now,
      tenantId: asking.tenantId,
    });
    await tellPerson(services, tx, request, person, via, "person.factor_proved", {
      target: { type: "person", id, name: person.name },
    });
    return next;
  });
  if (started !== null) return started;
  throw new WrongProof("code", "is wrong, or was used already");
}

/** Ends the session that asks. One that is no more is no error. */
export async function signOut(services: Services, request: RequestInfo): Promise<void> {
  await ours(async () => {
    const { id, person } = await findPersonSession(services, request.credential);
    await withDeployment(services.db, async (tx) => {
      await lockPerson(services, tx, person.id);
      if ((await endSessionsOf(services, tx, person.id, { id })) === 0) return;
      await tellPerson(services, tx, request, person, "session", "person.signed_out", {
        target: { type: "person", id: person.id, name: person.name },
      });
    });
  });
}
