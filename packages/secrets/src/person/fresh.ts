import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { findPersonSession, type PersonSession } from "../session/find.ts";
import { forgetAttempts, reserveAttempt } from "./attempts.ts";
import { ours, withPeople } from "./ours.ts";
import { WrongProof } from "./wrong-proof.ts";

/** How long a proved factor counts as fresh, in seconds. */
const FRESH_SECONDS = 300;

/**
 * Who asks for what changes how they sign in: a session that was left open somewhere does not do. Who has a second factor
 * proved it in the last five minutes; who has none gives the password once more.
 * @throws KeyfoldError `unauthenticated`, `factor_required`, `too_many_attempts`; `bad_input` for a wrong password
 */
export async function freshSession(
  services: Services,
  request: RequestInfo,
  password: string | undefined,
): Promise<PersonSession> {
  const asking = await ours(() => findPersonSession(services, request.credential));
  const { person, factorAt, now } = asking;
  const isFresh = factorAt !== null && now.getTime() - factorAt.getTime() <= FRESH_SECONDS * 1000;
  if (isFresh) return asking;
  if (person.factorRequired) throw new KeyfoldError("factor_required");
  // Who came by single sign-on alone has none: then the session itself is all there is.
  if (person.password === null) return asking;
  if (password === undefined)
    throw new KeyfoldError("bad_input", { issues: [{ path: "current", message: "is asked for" }] });
  await withPeople(services, (tx) => reserveAttempt(services, tx, person.id));
  if (!(await ours(() => services.people.passwords.verify(password, person.password))))
    throw new WrongProof("current", "is wrong");
  await withPeople(services, (tx) => forgetAttempts(services, tx, person.id));
  return asking;
}
