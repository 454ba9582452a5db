import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Credential } from "../flow/call.ts";
import { onPool } from "../flow/query.ts";
import type { Services } from "../flow/services.ts";
import type { PersonRow } from "../person/store.ts";
import { credentialDigest } from "../token/secret.ts";

interface Found {
  now: Date;
  id: string;
  digest: Buffer;
  tenant_id: string | null;
  token_id: string | null;
  expires_at: Date;
  ended_at: Date | null;
  created_at: Date;
  generation: number;
  mac: Buffer;
  token_digest: Buffer | null;
  person_id: string | null;
  factor_at: Date | null;
  ip: string | null;
  user_agent: string | null;
  p_email: string;
  p_name: string;
  p_operator: boolean;
  p_password: string | null;
  p_factor_required: boolean;
  p_suspended_at: Date | null;
  p_created_at: Date;
  p_created_by: unknown;
  p_generation: number;
  p_mac: Buffer;
}

/** A live session: of a token, or of a person. */
export type LiveSession = TokenSession | PersonSession;

interface Session {
  id: string;
  expiresAt: Date;
  now: Date;
}

export interface TokenSession extends Session {
  tokenId: string;
  tokenDigest: Buffer;
  person: null;
}

export interface PersonSession extends Session {
  person: PersonRow;
  /** The tenant that the person works in; null: none, or the deployment itself. */
  tenantId: string | null;
  /** When this session proved a second factor last; null: never. */
  factorAt: Date | null;
}

/**
 * The session that this secret is of, read from the database each time. An unknown, ended or expired one, and one of a
 * person who is suspended, are one refusal.
 * @throws KeyfoldError `unauthenticated`; `integrity_failed` for a row whose MAC is wrong
 */
export async function findSession(services: Services, secret: string): Promise<LiveSession> {
  const digest = credentialDigest(services.tokenKey, "session", secret);
  const [row] = await again(() =>
    onPool(services.db)<Found>("SELECT * FROM control_plane.find_session($1)", [digest]),
  );
  if (row === undefined || row.ended_at !== null || row.expires_at <= row.now) throw refused();
  services.mac.check("sessions", row.tenant_id, {
    id: row.id,
    digest: row.digest,
    tenantId: row.tenant_id,
    tokenId: row.token_id,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    createdAt: row.created_at,
    personId: row.person_id,
    factorAt: row.factor_at,
    ip: row.ip,
    userAgent: row.user_agent,
    generation: row.generation,
    mac: row.mac,
  });
  const common = { id: row.id, expiresAt: row.expires_at, now: row.now };
  if (row.token_id !== null) {
    if (row.token_digest === null) throw refused();
    return { ...common, tokenId: row.token_id, tokenDigest: row.token_digest, person: null };
  }
  const person = personOf(row);
  if (person === null || person.suspendedAt !== null) throw refused();
  services.mac.check("people", null, person);
  return { ...common, person, tenantId: row.tenant_id, factorAt: row.factor_at };
}

/** The person whose session a request brings. @throws KeyfoldError `unauthenticated`, `integrity_failed` */
export async function findPersonSession(
  services: Services,
  credential: Credential | null,
): Promise<PersonSession> {
  if (credential?.kind !== "session") throw refused();
  const session = await findSession(services, credential.unsafelySecret());
  if (session.person === null) throw refused();
  return session;
}

const refused = () => new KeyfoldError("unauthenticated");

function personOf(row: Found): PersonRow | null {
  if (row.person_id === null) return null;
  return {
    id: row.person_id,
    email: row.p_email,
    name: row.p_name,
    operator: row.p_operator,
    password: row.p_password,
    factorRequired: row.p_factor_required,
    suspendedAt: row.p_suspended_at,
    createdAt: row.p_created_at,
    createdBy: row.p_created_by,
    generation: row.p_generation,
    mac: row.p_mac,
  };
}
