import type { Transaction } from "@keyfold/db";
import { z } from "zod";
import { KeyfoldError } from "../../error.ts";
import type { RequestInfo } from "../../flow/call.ts";
import type { Services } from "../../flow/services.ts";
import { parseInput } from "../../flow/verb.ts";
import { personsServedHere } from "../../region/gate.ts";
import { forgetAttempts, reserveAttempt } from "../attempts.ts";
import { noteChallenge, takeAny, takeChallenge } from "../factor/challenge.ts";
import { proveFactor } from "../factor/prove.ts";
import { ours, withPeople } from "../ours.ts";
import { tellTurnedAway } from "../refused.ts";
import { code } from "../schema.ts";
import { type Started, startPersonSession } from "../session.ts";
import { findPerson, lockPerson, type PersonRow } from "../store.ts";
import { tenantsOf } from "../tenants.ts";
import { tellPerson } from "../told.ts";
import { askedOf } from "./asked.ts";
import { unlessSilent } from "./begin.ts";
import { personOf } from "./link.ts";
import type { Asked, SignOnProvider } from "./provider.ts";

const finishInput = z.union([
  z.strictObject({ answer: z.string().min(1).max(8192) }),
  z.strictObject({ code }),
]);

const REFUSED =
  "This did not sign you in: it took too long, or nobody here is known by what your provider says. Start again, or ask whoever runs this Keyfold.";
const refused = () => new KeyfoldError("unauthenticated", { sentence: REFUSED });

/**
 * Ends what `beginSignOn` began: with the provider's answer, and then with a code, where the person has a second factor.
 * What is wrong is one refusal, and stands in the audit log.
 * @param binding what the browser that asked has in its cookie
 * @throws KeyfoldError `unauthenticated`; `factor_required` after a good answer; `too_many_attempts`, `busy`
 */
export async function finishSignOn(
  services: Services,
  request: RequestInfo,
  from: { redirectUri: string; binding: string | null },
  given: unknown,
): Promise<Started> {
  const input = parseInput(finishInput, given);
  personsServedHere(services);
  const { binding, redirectUri } = from;
  if (binding === null || !/^[A-Za-z0-9_-]{43}$/.test(binding)) throw refused();
  const all = services.signOn.map((provider) => ({
    provider,
    asked: askedOf(services, provider, binding, redirectUri),
  }));
  if ("code" in input) return finishWithCode(services, request, all, input.code);
  const state = new URLSearchParams(input.answer).getAll("state");
  const one = all.find(({ asked }) => state.length === 1 && asked.state === state[0]);
  if (one === undefined) throw refused();
  const { provider, asked } = one;
  // Once, whatever comes of it.
  await withPeople(services, (tx) => takeChallenge(services, tx, asked.state, "sign-on", null)).catch(
    (error: unknown) => {
      if (error instanceof KeyfoldError && error.code === "bad_input") throw refused();
      throw error;
    },
  );
  const said = await unlessSilent(services, provider.issuer, () => provider.finish(asked, input.answer));
  const found =
    "refused" in said ? said.refused : await ours(() => personOf(services, request, provider, said));
  if (typeof found === "string") throw await tellRefusal(services, request, provider, found);
  const started = await withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, found.id);
    if (!person.factorRequired) return begin(services, tx, request, provider, person, null);
    await noteChallenge(services, tx, factorOf(asked), "sign-on-factor", person.id);
    return null;
  });
  if (started !== null) return started;
  await tellTurnedAway(services, request, found, "factor_required");
  throw new KeyfoldError("factor_required");
}

/** What the second step of a sign-on is found by. */
const factorOf = ({ state }: Asked) => `${state} factor`;

async function finishWithCode(
  services: Services,
  request: RequestInfo,
  all: readonly { provider: SignOnProvider; asked: Asked }[],
  given: string,
): Promise<Started> {
  for (const { provider, asked } of all) {
    const id = await withPeople(services, (tx) => takeAny(services, tx, factorOf(asked), "sign-on-factor"));
    if (id === null) continue;
    await withPeople(services, (tx) => reserveAttempt(services, tx, id));
    const started = await withPeople(services, async (tx) => {
      const person = await lockPerson(services, tx, id);
      const via = await proveFactor(services, tx, person, given);
      if (via !== null) {
        await forgetAttempts(services, tx, id);
        return begin(services, tx, request, provider, person, tx.now);
      }
      // Another code may be tried, as often as attempts are left.
      await noteChallenge(services, tx, factorOf(asked), "sign-on-factor", id);
      return null;
    });
    if (started !== null) return started;
    const person = await withPeople(services, (tx) => findPerson(services, tx, { id }));
    await tellRefusal(services, request, provider, "a wrong code", person);
    throw new KeyfoldError("bad_input", {
      issues: [{ path: "code", message: "is wrong, or was used already" }],
    });
  }
  throw refused();
}

/** @throws KeyfoldError `unauthenticated` for who was suspended, or left the tenant, meanwhile */
async function begin(
  services: Services,
  tx: Transaction,
  request: RequestInfo,
  provider: SignOnProvider,
  person: PersonRow,
  factorAt: Date | null,
): Promise<Started> {
  const tenant = (await tenantsOf(tx, person.id)).find(({ slug }) => slug === provider.tenant);
  if (tenant === undefined || person.suspendedAt !== null || person.operator) throw refused();
  const started = await startPersonSession(services, tx, request, person, {
    factorAt,
    tenantId: tenant.id,
  });
  await tellPerson(services, tx, request, person, "oidc", "person.signed_in", {
    target: { type: "person", id: person.id, name: person.name },
    details: { tenant: tenant.id },
  });
  return started;
}

async function tellRefusal(
  services: Services,
  request: RequestInfo,
  provider: SignOnProvider,
  why: string,
  person: PersonRow | null = null,
): Promise<KeyfoldError> {
  await withPeople(services, (tx) =>
    tellPerson(services, tx, request, null, null, "person.signed_in", {
      outcome: "denied",
      target: { type: "person", id: person?.id ?? null, name: person?.name ?? null },
      details: { issuer: provider.issuer, why },
    }),
  );
  return refused();
}
