import { type Transaction, withDeployment } from "@keyfold/db";
import {
  type Checkpoint,
  decodeHeads,
  EMPTY,
  encodeCheckpoint,
  encodeHeads,
  frontierRoot,
  grow,
  headsEntry,
  headsRoot,
  leafHash,
  openCheckpoint,
} from "@keyfold/ledger";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { frontierOf, newestLog, originOf, type StoredCheckpoint, storedNewest } from "./stored.ts";

/** How old the newest checkpoint gets, in milliseconds, although nothing has happened since. */
const AT_LEAST_EVERY_MS = 60 * 60_000;

type Asked = Pick<Services, "db" | "deployment" | "signer"> & { checkpoints: Signed };

/** What this process has signed last, by log: it signs nothing that contradicts it, whatever the database says. */
export type Signed = Map<string, Checkpoint>;

/**
 * Signs how far every audit chain is, as the next checkpoint of the deployment's log. Where nothing has happened since
 * the last one, none is made for up to an hour. Any number of processes may ask at once.
 * @returns whether one was made
 * @throws KeyfoldError `integrity_failed` where a chain is not what the last checkpoint says: then nothing is signed, and
 * the log and the operator hear of it every time, until somebody has looked
 */
export async function makeCheckpoint(services: Asked): Promise<boolean> {
  const made = await again(() =>
    withDeployment(services.db, async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock(hashtext('keyfold checkpoint'))::text", []);
      return sign(services, tx);
    }),
  );
  // Only what is durable counts as signed: a commit that failed has let nothing out.
  if (made !== null) services.checkpoints.set(made.origin, made);
  return made !== null;
}

async function sign(services: Asked, tx: Transaction): Promise<Checkpoint | null> {
  const log = await newestLog(tx);
  const origin = originOf(services.deployment, log.id);
  const last = await storedNewest(tx, log.number);
  checkLast(services, origin, last);
  const heads = await readHeads(tx);
  if (last !== null) {
    if (last.heads.equals(heads) && tx.now.getTime() - last.madeAt.getTime() < AT_LEAST_EVERY_MS) return null;
    await checkGrown(tx, last.heads);
  }
  const chains = heads.length / 64;
  const root = headsRoot(heads);
  const tree = grow(last === null ? EMPTY : frontierOf(last), leafHash(headsEntry(tx.now, chains, root)));
  const checkpoint = { origin, size: tree.size, root: frontierRoot(tree) };
  const number = BigInt(tree.size);
  await tx.sql.checkpointHeads.deleteMany({});
  await tx.sql.checkpoint.create({
    data: {
      log: log.number,
      number,
      madeAt: tx.now,
      chains,
      headsRoot: root as Buffer<ArrayBuffer>,
      nodes: Buffer.concat(tree.nodes) as Buffer<ArrayBuffer>,
      note: services.signer.sign(encodeCheckpoint(checkpoint)),
    },
  });
  await tx.sql.checkpointHeads.create({
    data: { log: log.number, number, heads: heads as Buffer<ArrayBuffer> },
  });
  return checkpoint;
}

/** The last checkpoint must be the one that was signed, with all that was stored beside it. */
function checkLast(services: Asked, origin: string, last: StoredCheckpoint | null): void {
  const signed = services.checkpoints.get(origin);
  if (signed !== undefined && (last === null || Number(last.number) < signed.size))
    refuse("the newest checkpoints are gone from the database");
  if (last === null) return;
  const note = openCheckpoint(last.note, [services.signer.verifier]);
  if (note === null) refuse("the newest checkpoint was not signed by this deployment");
  if (
    note.origin !== origin ||
    note.size !== Number(last.number) ||
    !note.root.equals(frontierRoot(frontierOf(last))) ||
    !headsRoot(last.heads).equals(last.headsRoot) ||
    (signed !== undefined && signed.size === note.size && !signed.root.equals(note.root))
  )
    refuse("the newest checkpoint was changed in the database");
}

/** Every chain must still hold what the last checkpoint covers. */
async function checkGrown(tx: Transaction, before: Buffer): Promise<void> {
  const heads = decodeHeads(before);
  const gone = await tx.query<{ id: string }>(
    "SELECT id FROM control_plane.heads_contradicted($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[]) AS id",
    [
      heads.map(({ chain }) => chain),
      heads.map(({ batches }) => batches),
      heads.map(({ events }) => events),
      heads.map(({ hash }) => hash),
    ],
  );
  if (gone.length > 0)
    refuse(
      `${gone.length} audit chains do not hold what the last checkpoint covers: ${gone
        .slice(0, 5)
        .map(({ id }) => id)
        .join(", ")}`,
    );
}

async function readHeads(tx: Transaction): Promise<Buffer> {
  const rows = await tx.query<{ chain: string; batches: bigint; events: bigint; hash: Uint8Array }>(
    "SELECT chain, batches, events, hash FROM control_plane.chain_heads()",
    [],
  );
  return encodeHeads(
    rows.map(({ chain, batches, events, hash }) => ({
      chain,
      batches: Number(batches),
      events: Number(events),
      hash: Buffer.from(hash),
    })),
  );
}

function refuse(what: string): never {
  throw new KeyfoldError("integrity_failed", { cause: new Error(what) });
}
