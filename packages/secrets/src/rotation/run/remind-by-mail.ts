import type { Unit } from "../../flow/change.ts";
import { reminderLetter, type Waits } from "../../mail/letters.ts";
import { queueMail } from "../../mail/queue.ts";
import { MEMBER_COLUMNS, type MemberRow, memberRow } from "../../member/rows.ts";
import type { PolicyRow } from "../policy/store.ts";

/** Mails of one reminder at most. */
const MOST = 50;

/**
 * Reminds by mail, with the change that it follows: the member who is named as the owner, or has that address;
 * and where it escalates, or there is no such member, whoever owns or administers the tenant. Where no mail is sent, nothing is written.
 */
export async function remindByMail(
  unit: Unit,
  policy: Pick<PolicyRow, "owner">,
  what: Waits,
  about: { name: string; at: Date | null; escalated: boolean },
): Promise<void> {
  const { services } = unit.call;
  if (services.mail === null) return;
  const [tenant] = await unit.query<{ name: string }>(
    "SELECT name FROM control_plane.tenants WHERE id = $1::uuid",
    [unit.tenantId],
  );
  const rows = await unit.query<MemberRow & { named: boolean }>(
    `SELECT ${MEMBER_COLUMNS}, n.named FROM control_plane.memberships m
      CROSS JOIN LATERAL (SELECT coalesce(lower(m.name) = lower($2::text)
        OR m.person_id = control_plane.member_of_address($2::text), false) AS named) n
      WHERE m.tenant_id = $1::uuid AND m.removed_at IS NULL
        AND (n.named OR m.grants @> '[{"role":"owner"}]' OR m.grants @> '[{"role":"admin"}]')
      ORDER BY n.named DESC, m.person_id LIMIT ${MOST}`,
    [unit.tenantId, policy.owner],
  );
  const members = rows.map(({ named, ...row }) => ({
    ...memberRow(services.mac, unit.tenantId, row),
    named,
  }));
  const owners = members.filter(({ named }) => named);
  const others =
    about.escalated || owners.length === 0 ? members.filter((one) => seesToIt(one, unit.now)) : [];
  const facts = { ...about, tenant: tenant!.name, owner: policy.owner };
  for (const { personId } of new Set([...owners, ...others]))
    await queueMail(services, unit.query, "reminder", () => reminderLetter(personId, what, facts));
}

/** Whoever owns or administers the whole tenant. */
const seesToIt = ({ grants }: MemberRow, now: Date): boolean =>
  grants.some(
    ({ role, projects, environments, prefix, expiresAt }) =>
      (role === "owner" || role === "admin") &&
      projects === null &&
      environments === null &&
      prefix === null &&
      (expiresAt === null || new Date(expiresAt) > now),
  );
