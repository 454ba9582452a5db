import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { findInvitation } from "../invitation/accept.ts";
import { personsServedHere } from "../region/gate.ts";
import { clearFactors } from "./factor/clear.ts";
import { acceptAsGuest, type LinkView, lookAsGuest } from "./guest.ts";
import { endLinks, findLink, type LinkKind, type LinkRow, useLink } from "./link.ts";
import { comeToBe, missing, signInFirst, whoIs } from "./newcomer.ts";
import { ours, withPeople } from "./ours.ts";
import { acceptInput, linkInput } from "./schema.ts";
import { endSessionsOf, type Started, startPersonSession } from "./session.ts";
import { findPerson, lockPerson, type PersonRow, savePerson } from "./store.ts";
import { tellPerson } from "./told.ts";
import { refuseWeak } from "./weak.ts";

/**
 * What a link is about, for the page that it opens. Whoever holds the link may know.
 * @throws KeyfoldError `link_ended`
 */
export async function lookAtLink(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<LinkView> {
  const { secret } = parseInput(linkInput, given);
  personsServedHere(services);
  const invitation = await ours(() => findInvitation(services, secret));
  if (invitation !== null) return lookAsGuest(services, request, invitation);
  return withPeople(services, async (tx) => {
    const link = await findLink(services, tx, secret);
    const person = link.email === null ? null : await findPerson(services, tx, { email: link.email });
    return {
      kind: link.kind,
      email: link.email,
      tenant: null,
      expiresAt: link.expiresAt.toISOString(),
      /** Whether there is somebody of this address already, who keeps their password. */
      known: person !== null,
    };
  });
}

/**
 * Takes a link up: an operator or a member comes to be (or, being there already, is given what the link gives), or a
 * password is set anew, which ends all sessions. Who is new is signed in, and so is who set a new password, unless a second
 * factor is asked for. Somebody who is here already must be signed in to take up an invitation.
 * @returns null where no session was started
 * @throws KeyfoldError `link_ended`, `bad_input`, `name_taken`, `unauthenticated`
 */
export async function acceptLink(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<Started | null> {
  const input = parseInput(acceptInput, given);
  personsServedHere(services);
  const invitation = await ours(() => findInvitation(services, input.secret));
  if (invitation !== null) return acceptAsGuest(services, request, invitation, input);
  const seen = await withPeople(services, (tx) => findLink(services, tx, input.secret));
  const email = seen.email ?? input.email;
  const signedIn = await whoIs(services, request);
  if (email === undefined) throw missing("email");
  if (input.password !== undefined) await refuseWeak(services, input.password, email);
  const password = input.password === undefined ? null : await services.people.passwords.hash(input.password);
  return withPeople(services, async (tx) => {
    const link = await findLink(services, tx, input.secret);
    await useLink(services, tx, link);
    const known = await findPerson(services, tx, { email });
    if (link.kind === "reset") return reset(services, tx, request, link, known, password);
    // Whoever holds the link is not by that the person of this address: anybody could have made that account before.
    if (known !== null && known.id !== signedIn?.person.id)
      throw link.email === null ? new KeyfoldError("name_taken", { sentence: TAKEN }) : signInFirst();
    const person =
      known ??
      (await comeToBe(services, tx, {
        email,
        name: input.name,
        password,
        operator: true,
        createdBy: link.createdBy as Record<string, string>,
      }));
    if (link.kind === "operator" && !person.operator)
      await savePerson(services, tx, await lockPerson(services, tx, person.id), { operator: true });
    const now = await lockPerson(services, tx, person.id);
    await tellPerson(services, tx, request, now, "link", TOLD[link.kind], {
      target: { type: "person", id: person.id, name: person.name },
      details: { link: link.id },
    });
    return known === null ? startPersonSession(services, tx, request, now, { factorAt: null }) : null;
  });
}

const TAKEN = "Somebody of this address is here already. Give another one.";
const TOLD = {
  operator: "person.became_operator",
  reset: "person.password_reset",
} as const satisfies Record<LinkKind, string>;

async function reset(
  services: Services,
  tx: Transaction,
  request: RequestInfo,
  link: LinkRow,
  known: PersonRow | null,
  password: string | null,
): Promise<Started | null> {
  if (known === null || known.suspendedAt !== null) throw new KeyfoldError("link_ended");
  if (password === null) throw missing("password");
  let person = await lockPerson(services, tx, known.id);
  if (link.clearsFactors) person = await clearFactors(services, tx, person);
  person = await savePerson(services, tx, person, { password });
  await endLinks(services, tx, { kind: "reset", email: person.email });
  const ended = await endSessionsOf(services, tx, person.id, "all");
  await tellPerson(services, tx, request, person, "link", TOLD.reset, {
    target: { type: "person", id: person.id, name: person.name },
    details: { link: link.id, factorsCleared: link.clearsFactors, ended },
  });
  // A link by mail is one factor: where a second is asked for, it is asked for now.
  return person.factorRequired ? null : startPersonSession(services, tx, request, person, { factorAt: null });
}
