import type { z } from "zod";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { acceptInvitation, type Found, lookAtInvitation } from "../invitation/accept.ts";
import { comeToBe, missing, signInFirst, whoIs } from "./newcomer.ts";
import { ours, withPeople } from "./ours.ts";
import type { acceptInput } from "./schema.ts";
import { endSessionsOf, type Started, startPersonSession } from "./session.ts";
import { findPerson, lockPerson } from "./store.ts";
import { tellPerson } from "./told.ts";
import { refuseWeak } from "./weak.ts";

/** What the page of a link shows. */
export interface LinkView {
  kind: "operator" | "member" | "reset";
  email: string | null;
  tenant: { slug: string; name: string } | null;
  expiresAt: string;
  /** Whether there is somebody of this address already, who keeps their password. */
  known: boolean;
}

/** @throws KeyfoldError `link_ended` */
export async function lookAsGuest(services: Services, request: RequestInfo, found: Found): Promise<LinkView> {
  const { email, expiresAt, tenant } = await ours(() => lookAtInvitation(services, request, found));
  const person = await withPeople(services, (tx) => findPerson(services, tx, { email }));
  return { kind: "member", email, tenant, expiresAt: expiresAt.toISOString(), known: person !== null };
}

/**
 * Takes up an invitation into a tenant, and works there from then on. Cut short after the person came to be, it is taken up
 * by the same link again, signed in.
 * @throws KeyfoldError `link_ended`, `bad_input`, `unauthenticated` (somebody of this address is here, and not signed in)
 */
export async function acceptAsGuest(
  services: Services,
  request: RequestInfo,
  found: Found,
  input: z.output<typeof acceptInput>,
): Promise<Started> {
  const { email } = await ours(() => lookAtInvitation(services, request, found));
  const signedIn = await whoIs(services, request);
  const known = await withPeople(services, (tx) => findPerson(services, tx, { email }));
  if (known !== null && known.id !== signedIn?.person.id) throw signInFirst();
  const person = known ?? (await newGuest(services, request, email, input));
  await ours(() => acceptInvitation(services, request, found, person));
  return withPeople(services, async (tx) => {
    const now = await lockPerson(services, tx, person.id);
    if (signedIn !== null && known !== null)
      await endSessionsOf(services, tx, person.id, { id: signedIn.id });
    const started = await startPersonSession(services, tx, request, now, {
      factorAt: known === null ? null : (signedIn?.factorAt ?? null),
      tenantId: found.tenantId,
    });
    await tellPerson(services, tx, request, now, "link", "person.signed_in", {
      target: { type: "person", id: now.id, name: now.name },
      details: { tenant: found.tenantId },
    });
    return started;
  });
}

async function newGuest(
  services: Services,
  request: RequestInfo,
  email: string,
  { name, password }: z.output<typeof acceptInput>,
) {
  if (name === undefined) throw missing("name");
  if (password === undefined) throw missing("password");
  await refuseWeak(services, password, email);
  const hash = await ours(() => services.people.passwords.hash(password));
  return withPeople(services, async (tx) => {
    const person = await comeToBe(services, tx, {
      email,
      name,
      password: hash,
      operator: false,
      createdBy: { type: "anonymous", id: "invitation", name: "an invitation" },
    });
    await tellPerson(services, tx, request, person, "link", "person.created", {
      target: { type: "person", id: person.id, name: person.name },
    });
    return person;
  });
}
