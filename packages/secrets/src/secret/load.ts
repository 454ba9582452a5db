import type { Query } from "@keyfold/db";
import { authorizeSecret } from "../access/authorize.ts";
import { earliest } from "../access/deadline.ts";
import { requireAgreed } from "../approval/find.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import type { Unit } from "../flow/change.ts";
import { checkPlace, type NamedPlace, namedPlace, type PlaceInput, placeRefOf } from "../place/place.ts";
import { factorUntil, refusedBy, spoken } from "../policy/judge.ts";
import {
  type LoadedRow,
  type SealedRow,
  type SecretRow,
  sealedOf,
  secretOf,
  type VersionRow,
  versionOf,
} from "./rows.ts";

/** A secret, where it stands, and one of its versions, all authenticated and in the actor's reach. */
export interface Loaded {
  secret: SecretRow;
  place: NamedPlace;
  version: VersionRow | null;
  sealed: SealedRow | null;
  /** The chain's epoch before anything was read. */
  epoch: bigint;
  /** The database's clock when it was read. */
  now: Date;
  /** Until when the actor may do this, as far as a proved factor or an approval goes; null: neither was asked for. */
  until: Date | null;
  /** The highest version number; only where the row was locked. */
  lastNumber: number;
}

export interface SecretRefInput extends PlaceInput {
  id?: string | undefined;
  name?: string | undefined;
}

export interface LoadOptions {
  /** A version's number; the current one when left out. */
  number?: number | undefined;
  /** Lock the secret's row until the transaction ends. */
  lock?: boolean;
  /** Bring the sealed bytes. */
  sealed?: boolean;
  /** A deleted secret too. */
  deleted?: boolean;
}

const SQL = `SELECT * FROM control_plane.load_secret(
  $1::uuid, $2::uuid, $3::uuid, $4::text, $5::uuid, $6::text, $7::text, $8::int, $9::boolean, $10::boolean)`;

const SQL_MANY = `SELECT n.asked, l.* FROM unnest($6::text[]) AS n(asked) CROSS JOIN LATERAL control_plane.load_secret(
  $1::uuid, NULL, $2::uuid, $3::text, $4::uuid, $5::text, n.asked, NULL, false, $7::boolean) l`;

/**
 * Loads a secret in one round trip.
 * @throws KeyfoldError `not_found` (absent, deleted, or out of the actor's reach: one answer), `integrity_failed`
 */
export async function loadSecret(
  call: Call,
  query: Query,
  tenantId: string,
  ref: SecretRefInput,
  options: LoadOptions = {},
): Promise<Loaded> {
  const loaded = await findSecret(call, query, tenantId, ref, options);
  if (loaded === null) throw new KeyfoldError("not_found");
  return loaded;
}

/**
 * `loadSecret` where there need not be one. One that is there and refuses an actor who may not see it throws, and is never
 * taken for one that is not: what it refuses would be done as if it had no policy.
 * @returns null: none is there, or it was deleted
 * @throws KeyfoldError `not_found` for one out of the actor's reach; `integrity_failed`
 */
export async function findSecret(
  call: Call,
  query: Query,
  tenantId: string,
  ref: SecretRefInput,
  options: LoadOptions = {},
): Promise<Loaded | null> {
  const place = placeRefOf(call.actor, ref);
  const [row] = await query<LoadedRow>(SQL, [
    tenantId,
    ref.id ?? null,
    place.projectId,
    place.projectName,
    place.environmentId,
    place.environmentName,
    ref.name ?? null,
    options.number ?? null,
    options.lock ?? false,
    options.sealed ?? false,
  ]);
  return row === undefined ? null : checked(call, query, tenantId, ref, options, row);
}

/**
 * `findSecret` for many names of one place, in one round trip.
 * @returns by name; one that is not in it is not there
 */
export async function findSecrets(
  call: Call,
  query: Query,
  tenantId: string,
  ref: PlaceInput,
  names: readonly string[],
  options: Pick<LoadOptions, "sealed"> = {},
): Promise<Map<string, Loaded>> {
  const place = placeRefOf(call.actor, ref);
  const rows = await query<LoadedRow & { asked: string }>(SQL_MANY, [
    tenantId,
    place.projectId,
    place.projectName,
    place.environmentId,
    place.environmentName,
    names,
    options.sealed ?? false,
  ]);
  const found = new Map<string, Loaded>();
  for (const { asked, ...row } of rows) {
    const loaded = await checked(call, query, tenantId, { ...ref, name: asked }, options, row);
    if (loaded !== null) found.set(asked, loaded);
  }
  return found;
}

/** A row that was loaded, if it is what was asked for, authentic, and given to the actor. */
async function checked(
  call: Call,
  query: Query,
  tenantId: string,
  ref: SecretRefInput,
  options: LoadOptions,
  row: LoadedRow,
): Promise<Loaded | null> {
  const { actor, action, services } = call;
  const loaded = fromRow(row);
  const { secret } = loaded;
  // Past its last day a deleted one is gone, whether or not a sweeper has come by.
  if (
    secret.state === "deleted" &&
    (!options.deleted || secret.purgeAfter === null || secret.purgeAfter <= loaded.now)
  )
    return null;
  // Renamed or deleted while we waited for its lock.
  if (ref.id === undefined && secret.name !== ref.name) return null;
  if (row.p_deleted_at !== null || row.e_deleted_at !== null) return null;
  authorizeSecret(actor, action, secret);
  services.mac.check("secrets", tenantId, secret);
  checkPlace(services.mac, tenantId, row);
  loaded.until = await judge(call, query, tenantId, loaded);
  if (loaded.version === null && isMissing(secret, options.number))
    throw new KeyfoldError("integrity_failed", { cause: new Error("a version's row is missing") });
  if (loaded.version !== null && loaded.version.state !== "destroyed" && loaded.version.state !== "revoked") {
    services.mac.check("versions", tenantId, loaded.version);
  }
  return loaded;
}

/** What the secret's policy and its environment ask for besides a right. @returns until when that is given */
async function judge(call: Call, query: Query, tenantId: string, { secret, now }: Loaded) {
  const { actor, action } = call;
  const refusal = refusedBy(actor, action, secret, now);
  if (refusal !== null) throw spoken(actor, secret, refusal);
  const unit = { call, query, tenantId };
  const agreed = await requireAgreed(unit, secret, secret.accessPolicy, secret.protection);
  return earliest(factorUntil(actor, action, secret), agreed?.until ?? null);
}

/** `loadSecret` within a unit of work, the row locked: what every change of a secret starts with. */
export function lockSecret(
  unit: Unit,
  ref: SecretRefInput,
  options: Omit<LoadOptions, "lock"> = {},
): Promise<Loaded> {
  return loadSecret(unit.call, unit.query, unit.tenantId, ref, { ...options, lock: true });
}

/** Numbers have no gaps: a version at or below the current one was there, and rows of versions are never deleted. */
function isMissing(secret: SecretRow, number: number | undefined): boolean {
  return number === undefined ? secret.state === "live" : number <= (secret.currentVersion ?? 0);
}

function fromRow(row: LoadedRow): Loaded {
  return {
    epoch: BigInt(row.epoch),
    now: row.now,
    until: null,
    lastNumber: row.last_number ?? 0,
    place: namedPlace(row),
    secret: secretOf(row),
    version: versionOf(row),
    sealed: sealedOf(row),
  };
}
