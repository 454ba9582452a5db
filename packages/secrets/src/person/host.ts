import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { tellChain } from "../host/tell.ts";
import { endLinks, LINK_SECONDS, makeLink } from "./link.ts";
import { withPeople } from "./ours.ts";
import { forgotInput } from "./schema.ts";
import { endSessionsOf } from "./session.ts";
import { findPerson, lockPerson, savePerson } from "./store.ts";

/*
 * What only the host itself does, which holds the root key: no route leads here.
 */

/** Whether somebody runs this deployment by signing in. */
export function hasOperator(services: Services): Promise<boolean> {
  return withPeople(services, async ({ sql }) => {
    const found = await sql.person.findFirst({
      where: { operator: true, suspendedAt: null },
      select: { id: true },
    });
    return found !== null;
  });
}

/** A one-time link by which somebody becomes an operator; the one before it ends. */
export function firstOperatorLink(services: Services): Promise<{ secret: string; expiresAt: Date }> {
  return withPeople(services, async (tx) => {
    await endLinks(services, tx, { kind: "operator", email: null });
    const link = await makeLink(services, tx, {
      kind: "operator",
      email: null,
      seconds: LINK_SECONDS.operator,
      createdBy: { type: "host", id: services.deployment, name: "host" },
    });
    await tellChain(services, tx, null, "operator.invited", {
      target: { type: "link", id: link.id, name: null },
    });
    return link;
  });
}

/**
 * A one-time link for an operator who cannot sign in any more: it sets a new password and takes the second factors away.
 * For an address that nobody has, it makes an operator.
 * @throws KeyfoldError `bad_input`
 */
export async function resetOperator(
  services: Services,
  given: string,
): Promise<{ secret: string; expiresAt: Date; known: boolean }> {
  const { email } = parseInput(forgotInput, { email: given });
  return withPeople(services, async (tx) => {
    const person = await findPerson(services, tx, { email });
    const known = person?.operator === true;
    const kind = known ? "reset" : "operator";
    await endLinks(services, tx, { kind, email });
    const link = await makeLink(services, tx, {
      kind,
      email,
      clearsFactors: known,
      seconds: LINK_SECONDS.reset,
      createdBy: { type: "host", id: services.deployment, name: "host" },
    });
    await tellChain(services, tx, null, known ? "operator.reset" : "operator.invited", {
      target: {
        type: known ? "person" : "link",
        id: known ? person.id : link.id,
        name: person?.name ?? null,
      },
    });
    return { ...link, known };
  });
}

/** Refuses a person from now on, and ends their sessions. @throws KeyfoldError `not_found` */
export function suspendPerson(services: Services, id: string): Promise<void> {
  return withPeople(services, async (tx) => {
    const person = await lockPerson(services, tx, id);
    if (person.suspendedAt !== null) return;
    await savePerson(services, tx, person, { suspendedAt: tx.now });
    const ended = await endSessionsOf(services, tx, id, "all");
    await tellChain(services, tx, null, "person.suspended", {
      target: { type: "person", id, name: person.name },
      details: { ended },
    });
  });
}
