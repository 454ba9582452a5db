import { type Transaction, withDeployment } from "@keyfold/db";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { id } from "../input/text.ts";
import { memberOf } from "../member/of.ts";
import { findPersonSession } from "../session/find.ts";
import { ours } from "./ours.ts";
import { endSessionsOf, type Started, startPersonSession } from "./session.ts";
import { lockPerson, type PersonRow } from "./store.ts";
import { tellPerson } from "./told.ts";

const chooseInput = z.strictObject({ tenant: id.nullable() });

/** The tenants that a person is a member of, by slug. */
export function tenantsOf({ query }: Pick<Transaction, "query">, personId: string) {
  return query<{ id: string; slug: string; name: string }>(
    "SELECT * FROM control_plane.tenants_of_person($1::uuid)",
    [personId],
  );
}

/** The tenant that a session begins in: whoever belongs to one and runs nothing has nothing to choose from. */
export async function onlyTenant(
  tx: Pick<Transaction, "query">,
  person: Pick<PersonRow, "id" | "operator">,
): Promise<string | null> {
  const tenants = person.operator ? [] : await tenantsOf(tx, person.id);
  return tenants.length === 1 ? tenants[0]!.id : null;
}

/** The tenants of whoever asks. @throws KeyfoldError `unauthenticated` */
export function myTenants(services: Services, request: RequestInfo) {
  return ours(async () => {
    const { person } = await findPersonSession(services, request.credential);
    return withDeployment(services.db, (tx) => tenantsOf(tx, person.id));
  });
}

/**
 * Works in another tenant from now on, or (null) in none: as an operator, where one is. Another session takes the place of
 * this one, and ends when it would have.
 * @throws KeyfoldError `unauthenticated`; `not_found` for a tenant of which one is no member
 */
export async function chooseTenant(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<Started> {
  const { tenant } = parseInput(chooseInput, given);
  return ours(async () => {
    const asking = await findPersonSession(services, request.credential);
    const { person, factorAt, expiresAt } = asking;
    if (tenant !== null && (await memberOf(services, tenant, person, asking)) === null)
      throw new KeyfoldError("not_found");
    return withDeployment(services.db, async (tx) => {
      const now = await lockPerson(services, tx, person.id);
      if ((await endSessionsOf(services, tx, person.id, { id: asking.id })) === 0)
        throw new KeyfoldError("unauthenticated");
      const started = await startPersonSession(services, tx, request, now, {
        factorAt,
        tenantId: tenant,
        until: expiresAt,
      });
      await tellPerson(services, tx, request, now, "session", "person.tenant_chosen", {
        target: { type: "person", id: now.id, name: now.name },
        details: { tenant },
      });
      return started;
    });
  });
}
