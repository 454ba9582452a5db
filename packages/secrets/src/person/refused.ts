import { outcomeOf, refusalDetails } from "../audit/outcome.ts";
import { ANONYMOUS } from "../audit/refusals.ts";
import { type ErrorCode, KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { whoIs } from "./newcomer.ts";
import type { PersonRow } from "./store.ts";
import { WrongProof } from "./wrong-proof.ts";

/** Of strangers: what every adapter counts, a credential that is none, and what `tellTurnedAway` tells. */
const TOLD: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "factor_required"]);

/**
 * Runs what a person asked for about themselves; that it was refused is told to the deployment's chain, with their name where
 * they are signed in. Of strangers it is counted, except for what every adapter counts, a credential that is none.
 * @param action the event of its success, or one of refusals alone
 */
export async function toldIfRefused<T>(
  services: Services,
  request: RequestInfo,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeyfoldError) await tell(services, request, action, error);
    throw error;
  }
}

async function tell(services: Services, request: RequestInfo, action: string, error: KeyfoldError) {
  const outcome = error instanceof WrongProof ? "denied" : outcomeOf(error);
  if (outcome === undefined) return;
  const who = await whoIs(services, request).catch(() => null);
  if (who === null && outcome !== "error") {
    if (!TOLD.has(error.code)) services.refusals.stranger(request.ip);
    return;
  }
  const person = who?.person ?? null;
  await services.refusals.known({
    chain: services.deployment,
    tenant: null,
    actor:
      person === null
        ? ANONYMOUS
        : {
            type: person.operator ? "operator" : "user",
            id: person.id,
            name: person.name,
            via: "session",
          },
    action,
    outcome,
    code: error.code,
    target: person && { type: "person", id: person.id, name: person.name },
    details: refusalDetails(error),
    request,
  });
}

/** Tells that somebody came as this person and was let in no further: by whoever knows already whom they came as. */
export async function tellTurnedAway(
  services: Services,
  request: RequestInfo,
  person: Pick<PersonRow, "id" | "name">,
  code: string,
): Promise<void> {
  await services.refusals.known({
    chain: services.deployment,
    tenant: null,
    actor: ANONYMOUS,
    action: "person.signed_in",
    outcome: "denied",
    code,
    target: { type: "person", id: person.id, name: person.name },
    request,
  });
}
