import { randomUUID } from "node:crypto";
import { withTenant } from "@keyfold/db";
import { fitText } from "@keyfold/ledger";
import type { ServiceActor } from "../access/actor.ts";
import { earliest } from "../access/deadline.ts";
import { grantOf, scopeSchema } from "../access/scope.ts";
import { asKeyfoldError, KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call, RequestInfo } from "../flow/call.ts";
import { change } from "../flow/change.ts";
import { databaseError } from "../flow/database-error.ts";
import { onPool } from "../flow/query.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { isUuid } from "../input/text.ts";
import { changedHere } from "../region/gate.ts";
import { loadTenant, type TenantRow } from "../tenant/store.ts";
import { isFrom, storedRanges } from "../token/ip-ranges.ts";
import { dataOf, newTokenRow } from "../token/store.ts";
import { claimsFit, storedClaims } from "./claims.ts";
import { consumerOf, keysOf, type RuleRow } from "./rules.ts";
import { type ExchangeInput, exchangeInput } from "./schema.ts";
import { type Claimed, claimedBy, isForAudience, verifyJwt } from "./verify.ts";

/** A token of minutes, shown once. */
export interface Exchanged {
  token: string;
  expiresAt: Date;
  expiresInSeconds: number;
  rule: { id: string; name: string };
}

/** One refusal for all there is to refuse: who may not come in does not learn which rules there are. */
const refused = () =>
  new KeyfoldError("unauthenticated", {
    sentence:
      "This token is not exchanged here: no rule of that tenant takes it now. The tenant's audit log and the operator's log say why.",
  });

/**
 * Exchanges a workload's token of another issuer for a service token of minutes, by the tenant's federation rules (after
 * RFC 8693). The issuer's keys are fetched before, and never inside, the transaction that makes the token; the rule is
 * judged again in it.
 * @throws KeyfoldError `unauthenticated` for whatever does not fit; `bad_input`; the database's
 */
export async function exchangeToken(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<Exchanged> {
  const input = parseInput(exchangeInput, given);
  try {
    return await exchange(services, request, input);
  } catch (error) {
    throw asKeyfoldError(databaseError(error) ?? error);
  }
}

async function exchange(services: Services, request: RequestInfo, input: ExchangeInput): Promise<Exchanged> {
  const claimed = services.issuers === null ? null : await claimedBy(input.subjectToken);
  if (claimed === null) throw refused();
  const tenantId = await tenantNamed(services, input.tenant);
  if (tenantId === null) throw refused();
  const found = await rulesOf(services, tenantId, claimed, input.rule);
  if (found === null || found.rules.length === 0) throw refused();
  const fitting = await fittingRule(services, request, tenantId, found, claimed, input);
  if (fitting === null) throw refused();
  return issue(services, request, found.tenant, fitting);
}

async function tenantNamed({ db }: Services, ref: string): Promise<string | null> {
  if (isUuid(ref)) return ref.toLowerCase();
  const [row] = await again(() =>
    onPool(db)<{ id: string | null }>("SELECT control_plane.find_tenant($1) AS id", [ref]),
  );
  return row?.id ?? null;
}

interface Found {
  tenant: TenantRow;
  rules: RuleRow[];
  now: Date;
}

/** The tenant's live rules for this issuer, oldest first, each authentic; null where there is no such tenant. */
async function rulesOf(
  services: Services,
  tenantId: string,
  { issuer }: Claimed,
  ref: string | undefined,
): Promise<Found | null> {
  return again(() =>
    withTenant(services.db, tenantId, async (tx) => {
      const tenant = await loadTenant({ ...tx, call: { services } as Call }, tenantId).catch((error) => {
        if (error instanceof KeyfoldError && error.code === "not_found") return null;
        throw error;
      });
      if (tenant === null) return null;
      const rules = await tx.sql.federationRule.findMany({
        where: {
          tenantId,
          issuer,
          deletedAt: null,
          ...(ref === undefined ? {} : isUuid(ref) ? { id: ref } : { name: ref }),
          OR: [{ expiresAt: null }, { expiresAt: { gt: tx.now } }],
        },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
      });
      for (const rule of rules) services.mac.check("federationRules", tenantId, rule);
      return { tenant, rules, now: tx.now };
    }),
  );
}

interface Fitting {
  rule: RuleRow;
  payload: Readonly<Record<string, unknown>> & { exp: number };
}

/** The oldest rule that takes this token. What an issuer of the tenant's did sign and no rule takes is told to its log. */
async function fittingRule(
  services: Services,
  request: RequestInfo,
  tenantId: string,
  { rules, now }: Found,
  { issuer, kid }: Claimed,
  { subjectToken }: ExchangeInput,
): Promise<Fitting | null> {
  let signed: { why: string; payload: Readonly<Record<string, unknown>>; rule: RuleRow } | null = null;
  for (const rule of rules) {
    const keys = await services.issuers!.keysOf(issuer, keysOf(rule), kid);
    if (keys === null) continue;
    const verified = await verifyJwt(subjectToken, issuer, keys, now);
    if ("refused" in verified) {
      if (verified.refused !== "signature")
        signed ??= { why: verified.refused, payload: verified.payload, rule };
      continue;
    }
    const { payload } = verified;
    if (!isForAudience(payload, rule.audience)) signed ??= { why: "audience", payload, rule };
    else if (!claimsFit(storedClaims.parse(rule.claims), payload)) signed = { why: "claims", payload, rule };
    else if (!isFrom(storedRanges(rule.ipRanges), request.ip)) signed = { why: "address", payload, rule };
    else return { rule, payload };
  }
  if (signed !== null) await tellRefusal(services, request, tenantId, issuer, signed);
  return null;
}

async function issue(
  services: Services,
  request: RequestInfo,
  tenant: TenantRow,
  { rule, payload }: Fitting,
): Promise<Exchanged> {
  const id = randomUUID();
  const scope = scopeSchema.parse(rule.scope);
  const actor: ServiceActor = {
    type: "service_token",
    id,
    name: rule.name,
    via: "federation",
    session: null,
    // Judged in the append: neither the workload's own token nor the rule has ended by then.
    deadline: earliest(new Date(payload.exp * 1000), rule.expiresAt),
    tenantId: tenant.id,
    tenantSlug: tenant.slug,
    tenantGraceSeconds: tenant.graceSeconds,
    tenantAlgorithm: tenant.algorithm,
    consumer: consumerOf(rule),
    scope,
    grants: [grantOf(scope)],
    ipRanges: storedRanges(rule.ipRanges),
    epoch: 0n,
  };
  changedHere(services, actor);
  request.onActor?.(actor);
  const call: Call = { services, actor, action: "token.create", request };
  return change(
    call,
    tenant.id,
    async (unit) => {
      await loadTenant(unit, tenant.id);
      // Held until this commits: a rule that is deleted meanwhile revokes this token with the others.
      const [live] = await unit.query(
        "SELECT 1 FROM control_plane.federation_rules WHERE tenant_id = $1::uuid AND id = $2::uuid AND deleted_at IS NULL AND generation = $3 FOR SHARE",
        [tenant.id, rule.id, rule.generation],
      );
      if (live === undefined) throw refused();
      const expiresAt = earliest(new Date(unit.now.getTime() + rule.lifeSeconds * 1000), rule.expiresAt)!;
      const { token, row } = newTokenRow(services, tenant.id, {
        id,
        name: rule.name,
        scope: actor.scope,
        expiresAt,
        createdAt: unit.now,
        createdBy: { type: "federation_rule", id: rule.id, name: rule.name },
        ipRanges: actor.ipRanges,
        federatedBy: rule.id,
        consumer: actor.consumer,
      });
      await unit.sql.serviceToken.create({ data: dataOf(tenant.id, row) });
      unit.record({
        action: "token.federated",
        target: { type: "token", id, name: rule.name },
        details: { rule: rule.id, ...subjectOf(rule.issuer, payload), expiresAt: expiresAt.toISOString() },
      });
      const expiresInSeconds = Math.floor((expiresAt.getTime() - unit.now.getTime()) / 1000);
      return { token, expiresAt, expiresInSeconds, rule: { id: rule.id, name: rule.name } };
    },
    // Nothing that anybody remembers becomes wrong by one more token.
    { raise: false },
  );
}

/** Whom the issuer says that it is: claims are references, and the token itself goes nowhere. */
function subjectOf(issuer: string, { sub, jti }: Readonly<Record<string, unknown>>) {
  return {
    issuer: fitText(issuer, 512),
    subject: typeof sub === "string" ? fitText(sub, 512) : null,
    jti: typeof jti === "string" ? fitText(jti, 128) : null,
  };
}

async function tellRefusal(
  services: Services,
  request: RequestInfo,
  tenantId: string,
  issuer: string,
  { why, payload, rule }: { why: string; payload: Readonly<Record<string, unknown>>; rule: RuleRow },
): Promise<void> {
  await services.refusals.known({
    chain: tenantId,
    tenant: tenantId,
    actor: { type: "anonymous", id: null, name: null, via: "federation" },
    action: "token.federated",
    outcome: "denied",
    code: why,
    target: { type: "token", id: rule.id, name: rule.name },
    details: subjectOf(issuer, payload),
    request,
  });
}
