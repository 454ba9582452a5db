import { randomBytes, randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { invitationLetter } from "../mail/letters.ts";
import { queueMail } from "../mail/queue.ts";
import { rolesIn } from "../member/add.ts";
import { grantsFrom, mayGive } from "../member/give.ts";
import { isOwner } from "../member/grant.ts";
import { hadMembers, holdMembers } from "../member/store.ts";
import { loadTenant } from "../tenant/store.ts";
import { credentialDigest } from "../token/secret.ts";
import { createInvitationInput, createInvitationOutput } from "./schema.ts";
import {
  endInvitation,
  INVITATION_COLUMNS,
  type InvitationRow,
  invitationRow,
  viewInvitation,
} from "./store.ts";

/** How long an invitation can be taken up, in seconds: a week. */
const INVITATION_SECONDS = 7 * 24 * 3600;

/**
 * Asks somebody into a tenant. The answer holds the link's secret, this once; an invitation of the same address that was
 * open is cancelled.
 * @throws KeyfoldError `forbidden` (more than the giver holds), `illegal_state` (a tenant's first member is an owner)
 */
export const createInvitation = defineVerb({
  action: "member.add",
  changes: true,
  summary: "Invite somebody into the tenant, by a link that works once",
  input: createInvitationInput,
  output: createInvitationOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { services, actor } = call;
    return change(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const grants = await grantsFrom(unit, input.grants);
      await mayGive(unit, grants);
      if (!isOwner(grants) && !(await hadMembers(unit)))
        throw new KeyfoldError("illegal_state", {
          sentence: "A tenant's first member is an owner: of everything, and for good.",
        });
      const [open] = await unit.query<InvitationRow>(
        `SELECT ${INVITATION_COLUMNS} FROM control_plane.invitations i
          WHERE i.tenant_id = $1::uuid AND i.email = $2 AND i.accepted_at IS NULL AND i.cancelled_at IS NULL`,
        [tenantId, input.email],
      );
      if (open !== undefined)
        await endInvitation(unit, invitationRow(services, tenantId, open), "cancelledAt");
      const secret = randomBytes(32).toString("base64url");
      const row = services.mac.seal("invitations", tenantId, {
        id: randomUUID(),
        digest: credentialDigest(services.tokenKey, "invitation", secret),
        email: input.email,
        grants,
        expiresAt: new Date(unit.now.getTime() + INVITATION_SECONDS * 1000),
        acceptedAt: null,
        cancelledAt: null,
        createdAt: unit.now,
        createdBy: { ...actorRef(actor) },
        generation: 1,
      });
      await unit.query(
        `INSERT INTO control_plane.invitations (tenant_id, id, digest, email, grants, expires_at, created_at, created_by, generation, mac)
           VALUES ($1::uuid, $2::uuid, $3::bytea, $4, $5::jsonb, $6::timestamptz, $7::timestamptz, $8::jsonb, 1, $9::bytea)`,
        [
          tenantId,
          row.id,
          row.digest,
          row.email,
          JSON.stringify(row.grants),
          row.expiresAt,
          row.createdAt,
          JSON.stringify(row.createdBy),
          row.mac,
        ],
      );
      unit.record({
        action: "member.invited",
        target: { type: "invitation", id: row.id, name: row.email },
        details: { roles: rolesIn(grants), owner: isOwner(grants) },
      });
      const { name } = await loadTenant(unit, tenantId);
      await queueMail(services, unit.query, "invitation", (linkTo) =>
        invitationLetter(row.email, name, actor.name, linkTo(secret)),
      );
      return { invitation: viewInvitation(row), secret };
    });
  },
});
