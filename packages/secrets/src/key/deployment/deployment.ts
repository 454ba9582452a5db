import { randomUUID } from "node:crypto";
import { type Connections, type Transaction, withDeployment } from "@keyfold/db";
import { EnvelopeError, type KeyPurpose, type RootKeyRef, SecretKey } from "@keyfold/envelope";
import { append } from "../../audit/append.ts";
import { encode } from "../../flow/event.ts";
import type { Openers } from "../opener/openers.ts";
import { isHsm, SOLE_HSM } from "../opener/sole-hsm.ts";
import { refuseMissingSeeds, refuseSeedAsRootKey, SEED_SETTINGS, seedRef } from "../suite/hybrid-seeds.ts";
import { HYBRID_PROVIDER } from "../wraps/counts.ts";
import { DeploymentError } from "./deployment-error.ts";

/** The deployment's identity and its keys, opened. */
export interface Deployment {
  id: string;
  /** Keys the row MACs. */
  integrity: SecretKey;
  /** Keys the digests of tokens, sessions and idempotency keys. */
  token: SecretKey;
  /** The seed of the key that signs checkpoints and receipts. */
  signing: SecretKey;
  /** Whether this call made it. */
  created: boolean;
}

const PURPOSES = ["integrity", "token", "signing"] as const satisfies readonly KeyPurpose[];
const TERM = 1;
const SETTINGS = "KEYFOLD_ROOT_KEY, KEYFOLD_ROOT_KEY_FILE or KEYFOLD_ROOT_KEY_COMMAND";

/**
 * Opens the deployment's keys with a root key that is held, or makes deployment and keys on the very first start.
 * A start with other root keys stops here and names the fingerprint it needs: nothing is made anew over what exists.
 * So does one without a hybrid seed that some tenant's key needs, or with a seed that is a root key at the same time.
 * A current root key or seed that this deployment meets for the first time is noted: its age counts from here.
 * @throws DeploymentError
 */
export async function openDeployment(options: {
  db: Connections;
  openers: Openers;
  /** Whether an empty database may become a deployment now. */
  mayCreate: boolean;
  /** Whether a deployment may begin with an HSM's key as its only root key. */
  allowSoleHsm?: boolean;
  /** Whether this is the restore itself, and not a server that must not start before it has ended. */
  restoring?: boolean;
  /** The time that events carry. */
  clock: () => Date;
}): Promise<Deployment> {
  const { db, openers, mayCreate } = options;
  const root = await openers.current().catch(() => {
    throw new DeploymentError(
      "root_key_unavailable",
      "The root key cannot be reached, and without it nothing opens.",
    );
  });
  if (openers.fromHolders([{ opener: root.id }]).length === 0)
    throw new DeploymentError(
      "wrong_root_key",
      `${root.id} is a public key's other half, so anybody could make keys for it: it opens tenants' keys besides a root key (KEYFOLD_OTHER_ROOT_KEY_PROVIDER), and is none itself.`,
    );
  await refuseSeedAsRootKey(openers);
  return withDeployment(db, async (tx) => {
    const { sql } = tx;
    // Two first starts at once: one makes the deployment, the other finds it.
    await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('keyfold deployment'))`;
    const row = await sql.deployment.findFirst();
    if (row === null) {
      if (!mayCreate)
        throw new DeploymentError(
          "not_initialized",
          "This database holds no Keyfold deployment yet. Start once with KEYFOLD_BOOTSTRAP_TOKEN set, and this root key becomes its first.",
        );
      if (isHsm(root) && !options.allowSoleHsm)
        throw new DeploymentError(
          "sole_hsm",
          `The HSM's key ${root.id} would be the only root key of this deployment. ${SOLE_HSM} Or begin with a root key that can be backed up, and move to the HSM by a rotation.`,
        );
      return create(tx, openers, root);
    }
    if (options.restoring !== true) await refuseUnfinished(tx);
    const keys = {} as Record<(typeof PURPOSES)[number], SecretKey>;
    for (const purpose of PURPOSES)
      keys[purpose] =
        purpose === "signing" && (await lacksSigningKey(tx))
          ? await make(tx, openers, row.id, purpose)
          : await open(tx, openers, row.id, purpose);
    await refuseMissingSeeds(tx, openers);
    await note(tx, row.id, root, options.clock);
    const [seed] = openers.hybridsHeld;
    if (seed !== undefined) await note(tx, row.id, seedRef(seed), options.clock);
    return { id: row.id, ...keys, created: false };
  });
}

async function create(tx: Transaction, openers: Openers, root: RootKeyRef): Promise<Deployment> {
  const { sql } = tx;
  const id = randomUUID();
  await sql.deployment.create({ data: { id } });
  await sql.rootKey.create({
    data: { id: root.id, provider: root.provider, keyVersion: root.keyVersion },
  });
  const [seed] = openers.hybridsHeld;
  if (seed !== undefined) await sql.rootKey.create({ data: seedRef(seed) });
  const made = {} as Record<(typeof PURPOSES)[number], SecretKey>;
  for (const purpose of PURPOSES) made[purpose] = await make(tx, openers, id, purpose);
  return { id, ...made, created: true };
}

/** What was restored in part serves nobody: revocations may be missing still. */
async function refuseUnfinished({ sql }: Transaction): Promise<void> {
  const open = await sql.restore.findFirst({ where: { finishedAt: null } });
  if (open !== null)
    throw new DeploymentError(
      "restoring",
      `A restore of the backup of ${open.backupAt.toISOString()} was begun here and is not finished. Run keyfold backup restore with the same file again; it goes on where it ended.`,
    );
}

/** A fresh key for a purpose, wrapped under the current root key. With the signing key begins the log that it signs. */
async function make(
  { sql, now }: Transaction,
  openers: Openers,
  deployment: string,
  purpose: KeyPurpose,
): Promise<SecretKey> {
  const key = SecretKey.generate();
  const wrap = await openers.wrap(key, { deployment, tenant: deployment, purpose, term: TERM });
  await sql.deploymentKey.create({
    data: { purpose, term: TERM, checkValue: key.checkValue() as Buffer<ArrayBuffer> },
  });
  await sql.deploymentKeyWrap.create({
    data: { purpose, term: TERM, ...wrap, wrapped: wrap.wrapped as Buffer<ArrayBuffer> },
  });
  if (purpose === "signing")
    await sql.checkpointLog.create({ data: { number: 1, id: randomUUID(), startedAt: now } });
  return key;
}

/**
 * Whether this deployment is from before there were signing keys. One that signed already and has lost its key must not
 * get another one quietly: its log says that it did.
 */
async function lacksSigningKey({ sql }: Transaction): Promise<boolean> {
  const key = await sql.deploymentKey.findFirst({ where: { purpose: "signing" } });
  return key === null && (await sql.checkpointLog.findFirst()) === null;
}

async function open(
  { sql }: Transaction,
  openers: Openers,
  deployment: string,
  purpose: KeyPurpose,
): Promise<SecretKey> {
  const stored = await sql.deploymentKey.findUnique({
    where: { purpose_term: { purpose, term: TERM } },
    include: { wraps: true },
  });
  const wraps = openers.fromHolders(stored?.wraps ?? []);
  if (stored === null || wraps.length === 0)
    throw new DeploymentError(
      "damaged",
      `The deployment's ${purpose} key is missing from the database. Restore a backup.`,
    );
  const needed = wraps.map((w) => w.opener).join(" or ");
  const held = await openers.held();
  const key = await openers
    .unwrap(wraps, { deployment, tenant: deployment, purpose, term: TERM })
    .catch((error: unknown) => {
      const code = error instanceof EnvelopeError ? error.code : "unknown";
      if (code === "unknown_opener")
        throw new DeploymentError(
          "wrong_root_key",
          `This database needs the root key ${needed}, but the ${held.length > 1 ? "ones given are" : "one given is"} ${held.join(" and ")}. Give the right one (${SETTINGS}); nothing was changed.`,
        );
      if (code === "provider_unavailable")
        throw new DeploymentError(
          "root_key_unavailable",
          `This database needs the root key ${needed}, and it could not be reached.`,
        );
      throw new DeploymentError(
        "damaged",
        `The deployment's ${purpose} key could not be unwrapped with ${held.join(" or ")} (${code}).`,
      );
    });
  if (!key.checkValue().equals(stored.checkValue))
    throw new DeploymentError("damaged", `The deployment's ${purpose} key does not match its check value.`);
  return key;
}

/** Notes a root key or seed that is current for the first time. @throws DeploymentError for one that was retired */
async function note(tx: Transaction, deployment: string, root: RootKeyRef, clock: () => Date): Promise<void> {
  const known = await tx.sql.rootKey.findUnique({ where: { id: root.id } });
  if (known?.retiredAt) {
    const seed = root.provider === HYBRID_PROVIDER;
    const live = await tx.sql.rootKey.findMany({
      where: { retiredAt: null, provider: seed ? HYBRID_PROVIDER : { not: HYBRID_PROVIDER } },
      orderBy: { createdAt: "desc" },
    });
    const what = seed ? "hybrid seed" : "root key";
    throw new DeploymentError(
      seed ? "wrong_hybrid_seed" : "wrong_root_key",
      `The ${what} ${root.id} was retired on ${known.retiredAt.toISOString().slice(0, 10)}. This database needs the ${what} ${live.map(({ id }) => id).join(" or ")} (${seed ? SEED_SETTINGS : SETTINGS}); nothing was changed.`,
    );
  }
  if (known !== null) return;
  await tx.sql.rootKey.create({
    data: { id: root.id, provider: root.provider, keyVersion: root.keyVersion, createdAt: tx.now },
  });
  const host = { type: "job" as const, id: null, name: "host", via: "host" };
  const request = { ip: null, userAgent: null, correlationId: randomUUID() };
  const event = encode(clock(), host, request, null, "key.added", {
    target: { type: "key", id: root.id, name: null },
  });
  await append(tx.query, deployment, [event], { raise: true });
}
