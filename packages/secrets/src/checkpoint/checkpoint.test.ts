import {
  decodeNoteKey,
  type HeadProof,
  headsEntry,
  leafHash,
  openCheckpoint,
  verifyConsistency,
  verifyHead,
} from "@keyfold/ledger";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
let operator: Caller;
beforeEach(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
});
afterEach(() => house.close());

type Read = Awaited<ReturnType<Caller["audit"]["checkpoint"]>>;

/** The proof that a verb's answer holds, as an outsider puts it together. */
function proofOf({ checkpoint, head }: Read): HeadProof {
  const bytes = (text: string) => Buffer.from(text, "hex");
  return {
    note: checkpoint!.note,
    time: new Date(checkpoint!.time),
    chains: checkpoint!.chains,
    headsRoot: bytes(checkpoint!.headsRoot),
    path: checkpoint!.path.map(bytes),
    head: { chain: head!.chain, batches: head!.batches, events: head!.events, hash: bytes(head!.hash) },
    index: head!.index,
    headPath: head!.path.map(bytes),
  };
}

test("a tenant's auditor gets a signed checkpoint that proves how far their own chain is", async () => {
  const { caller, id } = await house.tenant("acme");
  await house.tenant("globex");
  const before = await caller.audit.checkpoint({});
  expect(before).toMatchObject({ checkpoint: null, head: null });
  const [{ last, hash }] = (await house.sql<{ last: string; hash: Buffer }>(
    "SELECT max(first_seq + count - 1) AS last, (array_agg(hash ORDER BY number DESC))[1] AS hash FROM control_plane.audit_batches WHERE chain_id = $1",
    [id],
  )) as [{ last: string; hash: Buffer }];
  expect(await house.server.makeCheckpoint()).toBe(true);
  const read = await caller.audit.checkpoint({});
  expect(read).toMatchObject({
    publicKey: before.publicKey,
    checkpoint: { chains: 3 },
    head: { chain: id, events: Number(last), hash: hash.toString("hex") },
  });
  const key = decodeNoteKey(house.server.publicKey);
  expect(key.name).toBe(`keyfold/${house.server.deployment.id}`);
  expect(verifyHead(proofOf(read), [key])).toMatchObject({ size: 1 });
  const forged = proofOf(read);
  forged.head.events -= 1;
  expect(verifyHead(forged, [key])).toBeNull();
});

test("an operator reads the deployment's own, and a tenant's admin does not", async () => {
  const { caller } = await house.tenant("acme");
  await house.server.makeCheckpoint();
  const read = await operator.audit.checkpoint({ deployment: true });
  expect(read.head!.chain).toBe(house.server.deployment.id);
  expect(verifyHead(proofOf(read), [decodeNoteKey(read.publicKey)])).not.toBeNull();
  expect(await codeOf(caller.audit.checkpoint({ deployment: true }))).toBe("forbidden");
});

test("while nothing happens there is one an hour, and each shows the log consistent with the one before", async () => {
  const key = decodeNoteKey(house.server.publicKey);
  const newest = async () => openCheckpoint((await house.server.newestCheckpoint())!.note, [key])!;
  expect(await house.server.makeCheckpoint()).toBe(true);
  const one = await newest();
  expect(await house.server.makeCheckpoint()).toBe(false);
  expect(await newest()).toEqual(one);
  await house.moveClock("59 minutes");
  expect(await house.server.makeCheckpoint()).toBe(false);
  await house.moveClock("61 minutes");
  expect(await house.server.makeCheckpoint()).toBe(true);
  const two = await newest();
  expect([one.size, two.size]).toEqual([1, 2]);
  expect(two.origin).toBe(one.origin);
  // Of a log of two leaves, the second one is the whole proof (RFC 9162 §2.1.4).
  const { time, chains, headsRoot, path } = (await house.server.newestCheckpoint())!;
  const second = leafHash(headsEntry(time, chains, headsRoot));
  expect(verifyConsistency(1, 2, one.root, two.root, [second])).toBe(true);
  expect(path).toEqual([one.root]);
});

test("several processes at once make one checkpoint of one state", async () => {
  const others = await Promise.all([house.another(), house.another()]);
  const made = await Promise.all([house.server, ...others].map((server) => server.makeCheckpoint()));
  expect(made.filter(Boolean)).toHaveLength(1);
});

test("a chain that lost or changed what a checkpoint covers stops the next one, is named, and is told every time", async () => {
  const { id, caller } = await house.tenant("acme");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  await house.server.makeCheckpoint();
  for (const tampering of [
    "DELETE FROM control_plane.audit_batches WHERE chain_id = $1 AND number = (SELECT max(number) FROM control_plane.audit_batches WHERE chain_id = $1)",
    "DELETE FROM control_plane.audit_batches WHERE chain_id = $1",
  ]) {
    await house.tamper(tampering, [id]);
    for (let i = 0; i < 2; i++) {
      const refusal = await refusalOf(house.server.makeCheckpoint());
      expect(refusal.code).toBe("integrity_failed");
      expect(String((refusal.cause as Error).message)).toContain(id);
    }
  }
  // Another process, which signed none of it, says the same.
  expect(await codeOf((await house.another()).makeCheckpoint())).toBe("integrity_failed");
});

test("a checkpoint that was taken away, changed or signed by another stops the next one", async () => {
  const { caller } = await house.tenant("acme");
  const more = async () => void (await caller.secrets.list({}));
  await house.server.makeCheckpoint();
  await more();
  await house.server.makeCheckpoint();
  const fresh = await house.another();
  for (const [set, known] of [
    ["UPDATE control_plane.checkpoints SET heads_root = sha256('x') WHERE number = 2", true],
    ["UPDATE control_plane.checkpoints SET nodes = sha256('x') WHERE number = 2", true],
    [
      "UPDATE control_plane.checkpoints SET note = replace(note, E'\\n2\\n', E'\\n3\\n') WHERE number = 2",
      true,
    ],
    ["UPDATE control_plane.checkpoint_heads SET heads = substr(heads, 65)", true],
    ["DELETE FROM control_plane.checkpoint_heads", true],
    // The newest one is gone as if it had never been: whoever signed it knows better, and else only who keeps it outside.
    [
      "DELETE FROM control_plane.checkpoint_heads; DELETE FROM control_plane.checkpoints; DELETE FROM control_plane.checkpoint_logs",
      true,
    ],
  ] as const) {
    await house.sql("CREATE TABLE IF NOT EXISTS kept_c AS SELECT * FROM control_plane.checkpoints");
    await house.sql("CREATE TABLE IF NOT EXISTS kept_h AS SELECT * FROM control_plane.checkpoint_heads");
    await house.sql("CREATE TABLE IF NOT EXISTS kept_l AS SELECT * FROM control_plane.checkpoint_logs");
    await house.tamper(set);
    expect(await codeOf(house.server.makeCheckpoint()), set).toBe("integrity_failed");
    if (known) expect(await codeOf(fresh.makeCheckpoint()), set).toBe("integrity_failed");
    await house.tamper(`DELETE FROM control_plane.checkpoint_heads; DELETE FROM control_plane.checkpoints;
      DELETE FROM control_plane.checkpoint_logs; INSERT INTO control_plane.checkpoint_logs SELECT * FROM kept_l;
      INSERT INTO control_plane.checkpoints SELECT * FROM kept_c; INSERT INTO control_plane.checkpoint_heads SELECT * FROM kept_h`);
  }
  await more();
  await house.tamper(
    "DELETE FROM control_plane.checkpoint_heads; DELETE FROM control_plane.checkpoints WHERE number = 2",
  );
  await house.tamper("INSERT INTO control_plane.checkpoint_heads SELECT log, 1, heads FROM kept_h");
  expect(await codeOf(house.server.makeCheckpoint())).toBe("integrity_failed");
});

test("the database refuses to change or take away a checkpoint, also from the application's own roles", async () => {
  await house.server.makeCheckpoint();
  for (const [table, code] of [
    ["checkpoints", "42501"],
    ["checkpoint_logs", "42501"],
  ] as const) {
    const client = await house.db.pool.connect();
    try {
      await client.query("BEGIN; SET LOCAL ROLE keyfold_deployment");
      await expect(client.query(`DELETE FROM control_plane.${table}`)).rejects.toMatchObject({ code });
      await client.query("ROLLBACK");
    } finally {
      client.release();
    }
  }
  for (const sql of [
    "UPDATE control_plane.checkpoints SET note = 'x'",
    "DELETE FROM control_plane.checkpoints",
    "TRUNCATE control_plane.checkpoints CASCADE",
    "UPDATE control_plane.checkpoint_logs SET follows = 'x'",
  ])
    await expect(house.sql(sql), sql).rejects.toMatchObject({ code: "KF403" });
});

test("a deployment from before there were signing keys gets one at its start; one that lost it does not", async () => {
  await house.tamper(`DELETE FROM control_plane.deployment_key_wraps WHERE purpose = 'signing';
    DELETE FROM control_plane.deployment_keys WHERE purpose = 'signing'`);
  await expect(house.another()).rejects.toMatchObject({ name: "DeploymentError", problem: "damaged" });
  await house.tamper("DELETE FROM control_plane.checkpoint_logs");
  const later = await house.another();
  expect(later.publicKey).not.toBe(house.server.publicKey);
  expect(await later.makeCheckpoint()).toBe(true);
  expect((await house.another()).publicKey).toBe(later.publicKey);
});
