import { withDeployment } from "@keyfold/db";
import type { JobActor } from "../access/actor.ts";
import { isGrantWithin } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { Call, RequestInfo } from "../flow/call.ts";
import { change, type PrismaUnit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { admit } from "../member/add.ts";
import { rightsIn } from "../member/give.ts";
import type { StoredGrant } from "../member/grant.ts";
import { heldNow } from "../member/held.ts";
import { hadMembers, holdMembers } from "../member/store.ts";
import type { PersonRow } from "../person/store.ts";
import { loadTenant } from "../tenant/store.ts";
import { liveToken } from "../token/live.ts";
import { credentialDigest } from "../token/secret.ts";
import { endInvitation, lockInvitation } from "./store.ts";

/** Where an invitation is. */
export interface Found {
  tenantId: string;
  id: string;
}

/** The invitation that a link's secret is of; null: none. */
export async function findInvitation({ db, tokenKey }: Services, secret: string): Promise<Found | null> {
  const digest = credentialDigest(tokenKey, "invitation", secret);
  const [row] = await withDeployment(db, ({ query }) =>
    query<{ tenant_id: string; id: string }>("SELECT * FROM control_plane.find_invitation($1::bytea)", [
      digest,
    ]),
  );
  return row === undefined ? null : { tenantId: row.tenant_id, id: row.id };
}

/** In whose name a membership begins: the invitation's own. Nobody can become it. */
const ACTOR: JobActor = {
  type: "job",
  id: "invitations.accept",
  name: "an accepted invitation",
  via: "job",
  session: null,
  deadline: null,
  actions: ["member.add"],
};

/**
 * What an invitation is about, for whoever holds its link.
 * @throws KeyfoldError `link_ended`, `integrity_failed`
 */
export function lookAtInvitation(services: Services, request: RequestInfo, { tenantId, id }: Found) {
  return asInvitation(services, request, tenantId, async (unit) => {
    const { email, expiresAt, createdBy, grants } = await lockInvitation(services, unit, tenantId, id);
    if (!(await giverStands(unit, createdBy, grants))) throw new KeyfoldError("not_found");
    const { slug, name } = await loadTenant(unit, tenantId);
    return { email, expiresAt, tenant: { slug, name } };
  });
}

/**
 * Takes an invitation up: the person is a member from now on. Who gave it must hold still what it gives.
 * @throws KeyfoldError `link_ended`; `illegal_state` for who is a member already
 */
export async function acceptInvitation(
  services: Services,
  request: RequestInfo,
  { tenantId, id }: Found,
  person: Pick<PersonRow, "id" | "name" | "email">,
): Promise<void> {
  await asInvitation(services, request, tenantId, async (unit) => {
    await holdMembers(unit);
    const row = await lockInvitation(services, unit, tenantId, id);
    if (row.email !== person.email) throw new KeyfoldError("not_found");
    if (!(await giverStands(unit, row.createdBy, row.grants))) throw new KeyfoldError("not_found");
    await endInvitation(unit, row, "acceptedAt");
    await admit(unit, { personId: person.id, name: person.name }, row.grants);
    unit.record({
      action: "member.invitation_accepted",
      target: { type: "invitation", id, name: person.email },
      details: { person: person.id },
    });
  });
}

async function asInvitation<T>(
  services: Services,
  request: RequestInfo,
  tenantId: string,
  work: (unit: PrismaUnit) => Promise<T>,
): Promise<T> {
  const call: Call = { services, actor: ACTOR, action: "member.add", request };
  try {
    return await change(call, tenantId, work);
  } catch (error) {
    // Whatever is the matter with it, a link that is of no use is one answer.
    if (error instanceof KeyfoldError && error.code === "not_found") throw new KeyfoldError("link_ended");
    throw error;
  }
}

/** Nobody gives more than they hold, at the moment when it is taken, too. */
async function giverStands(
  unit: PrismaUnit,
  giver: unknown,
  grants: readonly StoredGrant[],
): Promise<boolean> {
  const { type, id } = giver as { type: string; id: string };
  // An operator let in a tenant's first member, and nobody came before.
  if (type === "operator") return !(await hadMembers(unit));
  // A token's scope never changes: what it could give, it can for as long as it lives.
  if (type === "service_token") return (await liveToken(unit, id)) !== null;
  const held = await heldNow(unit, giver);
  return (await rightsIn(unit, grants)).every((right) => isGrantWithin(right, held));
}
