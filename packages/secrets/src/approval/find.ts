import type { Query } from "@keyfold/db";
import type { Action } from "../access/actions.ts";
import type { Actor } from "../access/actor.ts";
import type { NamedSecret } from "../access/scope.ts";
import type { Unit } from "../flow/change.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import { type Refusal, spoken, takesTwo } from "../policy/judge.ts";
import type { AccessPolicy, Protection } from "../policy/policy.ts";
import { approvalRow, type StoredApproval } from "./rows.ts";

interface About {
  tenantId: string;
  actor: Actor;
  action: Action;
}

/**
 * Whether a second person has agreed to what takes two.
 * @param secret its name; '' for the environment itself
 * @returns until when, or why not; null where one is enough
 * @throws KeyfoldError `integrity_failed`
 */
export async function agreedTo(
  query: Query,
  mac: RowMac,
  { tenantId, actor, action }: About,
  secret: NamedSecret,
  policy: AccessPolicy | null,
  environment: Protection | null,
): Promise<{ until: Date } | Refusal | null> {
  const kind = takesTwo(actor, action, policy, environment);
  if (kind === null) return null;
  if (actor.type !== "user")
    return {
      code: "forbidden",
      sentence: "This is protected: people change it, each with another person's approval.",
    };
  const rows = await query<StoredApproval>(
    "SELECT * FROM control_plane.find_approvals($1::uuid, $2::uuid, $3::uuid, $4::text)",
    [tenantId, actor.id, secret.environmentId, secret.name],
  );
  for (const stored of rows) {
    const row = approvalRow(mac, tenantId, stored);
    if (row.kind === kind || row.kind === "break_glass") return { until: row.expiresAt };
  }
  return {
    code: "approval_required",
    sentence: "This takes two people: ask for an approval, and have another person give it.",
  };
}

/**
 * `agreedTo`, asked for whoever calls.
 * @returns until when a second person has agreed; null where one is enough
 * @throws KeyfoldError `forbidden`, `approval_required`, both in the words that the actor may hear; `integrity_failed`
 */
export async function requireAgreed(
  { call, query, tenantId }: Pick<Unit, "call" | "query" | "tenantId">,
  secret: NamedSecret,
  policy: AccessPolicy | null,
  environment: Protection | null,
): Promise<{ until: Date } | null> {
  const { actor, action, services } = call;
  const about = { tenantId, actor, action };
  const agreed = await agreedTo(query, services.mac, about, secret, policy, environment);
  if (agreed !== null && "code" in agreed) throw spoken(actor, secret, agreed);
  return agreed;
}
