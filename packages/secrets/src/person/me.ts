import { withDeployment } from "@keyfold/db";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { findPersonSession } from "../session/find.ts";
import { factorsOf } from "./factor/store.ts";
import { freshSession } from "./fresh.ts";
import { ours, withPeople } from "./ours.ts";
import { changePasswordInput } from "./schema.ts";
import { renewSession, type Started } from "./session.ts";
import { lockPerson, savePerson } from "./store.ts";
import { tellPerson } from "./told.ts";
import { refuseWeak } from "./weak.ts";

/** Who is signed in, and how they prove it. @throws KeyfoldError `unauthenticated` */
export function aboutMe(services: Services, request: RequestInfo) {
  return ours(async () => {
    const { person, factorAt, tenantId, expiresAt } = await findPersonSession(services, request.credential);
    const factors = await withDeployment(services.db, (tx) => factorsOf(services, tx, person.id));
    return {
      id: person.id,
      email: person.email,
      name: person.name,
      operator: person.operator,
      hasPassword: person.password !== null,
      factorRequired: person.factorRequired,
      tenantId,
      factorAt: iso(factorAt),
      expiresAt: expiresAt.toISOString(),
      factors: factors
        .filter((factor) => factor.kind !== "recovery" && factor.confirmedAt !== null)
        .map((factor) => ({
          id: factor.id,
          kind: factor.kind as "totp" | "passkey",
          name: factor.name,
          createdAt: factor.createdAt.toISOString(),
          usedAt: iso(factor.usedAt),
        })),
      recoveryCodesLeft: factors.filter((factor) => factor.kind === "recovery" && factor.usedAt === null)
        .length,
    };
  });
}

/**
 * Sets a new password and ends every session; another takes the place of the one that asks.
 * @throws KeyfoldError as `freshSession`; `bad_input`
 */
export async function changePassword(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<Started> {
  const input = parseInput(changePasswordInput, given);
  const asking = await freshSession(services, request, input.current);
  await refuseWeak(services, input.password, asking.person.email);
  const password = await ours(() => services.people.passwords.hash(input.password));
  return withPeople(services, async (tx) => {
    const person = await savePerson(services, tx, await lockPerson(services, tx, asking.person.id), {
      password,
    });
    const started = await renewSession(services, tx, request, person, asking, asking.factorAt);
    await tellPerson(services, tx, request, person, "session", "person.password_changed", {
      target: { type: "person", id: person.id, name: person.name },
    });
    return started;
  });
}
