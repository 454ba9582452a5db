import type { ConsumerKind } from "../consumer/kind.ts";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { RequestInfo } from "../flow/call.ts";
import { onPool } from "../flow/query.ts";
import type { Services } from "../flow/services.ts";
import { Together } from "../flow/together.ts";
import { checkOnce } from "../integrity/check-once.ts";
import { memberOf } from "../member/of.ts";
import { servedHere } from "../region/gate.ts";
import { findSession, type LiveSession, type PersonSession } from "../session/find.ts";
import { checkJoinedTenant, type JoinedTenant } from "../tenant/joined.ts";
import { isFrom, storedRanges } from "../token/ip-ranges.ts";
import { couldBeToken, credentialDigest } from "../token/secret.ts";
import type { Caller, ServiceActor } from "./actor.ts";
import { earliest } from "./deadline.ts";
import { grantOf, scopeSchema } from "./scope.ts";

interface TokenRow extends JoinedTenant {
  kind: "service_token" | "operator";
  /** A bigint, which pg gives as text. */
  epoch: string;
  now: Date;
  id: string;
  tenant_id: string | null;
  name: string;
  digest: Buffer;
  hint: string;
  scope: unknown;
  expires_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
  created_by: unknown;
  consumer_name: string | null;
  consumer_kind: ConsumerKind | null;
  ip_ranges: unknown;
  rotated_from: string | null;
  federated_by: string | null;
  generation: number;
  mac: Buffer;
}

/**
 * A true credential that is not taken from where the call comes. To its caller it is refused like any other; its tenant's
 * audit log hears whose it was.
 */
export class RefusedCaller extends KeyfoldError {
  readonly actor: ServiceActor;

  constructor(actor: ServiceActor) {
    super("unauthenticated");
    this.actor = actor;
  }
}

const refused = (): KeyfoldError => new KeyfoldError("unauthenticated");

/**
 * Says who is calling. An unknown, ended, expired or revoked credential, and one of a deleted tenant, are one refusal.
 * @throws KeyfoldError `unauthenticated`; `integrity_failed` for a row whose MAC is wrong
 */
export async function authenticate(services: Services, request: RequestInfo): Promise<Caller> {
  const { credential } = request;
  if (credential === null) throw refused();
  const secret = credential.unsafelySecret();
  if (credential.kind === "session") return bySession(services, secret, request.ip);
  if (!couldBeToken(secret)) throw refused();
  return byDigest(services, credentialDigest(services.tokenKey, "token", secret), null, request.ip);
}

async function bySession(services: Services, secret: string, ip: string | null): Promise<Caller> {
  const session = await findSession(services, secret);
  if (session.person !== null) return personActor(services, session);
  const actor = await byDigest(services, session.tokenDigest, session, ip);
  if (actor.id !== session.tokenId) throw refused();
  return actor;
}

/** @throws KeyfoldError `unauthenticated` for a person who is neither a member of the session's tenant nor an operator */
async function personActor(services: Services, session: PersonSession): Promise<Caller> {
  const { person } = session;
  if (session.tenantId !== null) {
    const member = await memberOf(services, session.tenantId, person, session);
    if (member === null) throw refused();
    return { ...member, person: { id: person.id, email: person.email, factorAt: session.factorAt } };
  }
  if (!person.operator) throw refused();
  return {
    type: "operator",
    id: person.id,
    name: person.name,
    via: "session",
    session: session.id,
    deadline: session.expiresAt,
    person: { id: person.id, email: person.email, factorAt: session.factorAt },
  };
}

/**
 * Looks a credential up. Calls with the same one share a statement that begins after all of them came: what it says is as
 * fresh as each of them may ask for.
 */
async function findToken(services: Services, digest: Buffer): Promise<TokenRow | undefined> {
  const lookUps = allLookUps.get(services) ?? new Together<TokenRow | undefined>();
  allLookUps.set(services, lookUps);
  return lookUps.ask(digest.toString("base64"), async () => {
    const [row] = await again(() =>
      onPool(services.db)<TokenRow>("SELECT * FROM control_plane.find_token($1)", [digest]),
    );
    return row;
  });
}

const allLookUps = new WeakMap<Services, Together<TokenRow | undefined>>();

async function byDigest(
  services: Services,
  digest: Buffer,
  session: Pick<LiveSession, "id" | "expiresAt"> | null,
  ip: string | null,
): Promise<Caller> {
  const row = await findToken(services, digest);
  if (row === undefined || row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= row.now))
    throw refused();
  const credential = {
    id: row.id,
    name: row.name,
    via: session === null ? ("token" as const) : ("session" as const),
    session: session?.id ?? null,
    deadline: earliest(row.expires_at, session?.expiresAt ?? null),
  };
  if (row.kind !== "operator" && row.t_deleted_at !== null) throw refused();
  // Calls that come at once with one token share its row.
  checkOnce(row, () => checkToken(services, row));
  if (row.kind === "operator") return { type: "operator", ...credential };
  const tenantId = row.tenant_id!;
  servedHere(services, tenantId);
  const scope = scopeSchema.safeParse(row.scope);
  if (!scope.success) throw new KeyfoldError("integrity_failed");
  const ipRanges = storedRanges(row.ip_ranges);
  const actor: ServiceActor = {
    type: "service_token",
    ...credential,
    tenantId,
    tenantSlug: row.t_slug,
    tenantGraceSeconds: row.t_grace_seconds,
    tenantAlgorithm: row.t_algorithm,
    consumer: { name: row.consumer_name ?? row.name, kind: row.consumer_kind ?? "other" },
    scope: scope.data,
    ipRanges,
    grants: [grantOf(scope.data)],
    epoch: BigInt(row.epoch),
  };
  if (!isFrom(ipRanges, ip)) throw new RefusedCaller(actor);
  return actor;
}

/** @throws KeyfoldError `integrity_failed` */
function checkToken({ mac }: Services, row: TokenRow): void {
  const common = {
    id: row.id,
    name: row.name,
    digest: row.digest,
    hint: row.hint,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    createdAt: row.created_at,
    generation: row.generation,
    mac: row.mac,
  };
  if (row.kind === "operator") {
    mac.check("operatorTokens", null, common);
    return;
  }
  const tenantId = row.tenant_id!;
  mac.check("serviceTokens", tenantId, {
    ...common,
    scope: row.scope,
    createdBy: row.created_by,
    consumerName: row.consumer_name,
    consumerKind: row.consumer_kind,
    ipRanges: row.ip_ranges,
    rotatedFrom: row.rotated_from,
    federatedBy: row.federated_by,
  });
  checkJoinedTenant(mac, tenantId, row);
}
