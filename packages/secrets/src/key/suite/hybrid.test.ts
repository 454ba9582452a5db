import { randomBytes } from "node:crypto";
import {
  EnvelopeError,
  hybridSeedFromText,
  localRootKey,
  type RootKeyProvider,
  rootKeyFromBytes,
  SecretKey,
  unwrapDek,
  unwrapKey,
  type XWingPrivateKey,
} from "@keyfold/envelope";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KeyfoldServer } from "../../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf } from "../../testing/refusal.ts";

const freshSeed = (): XWingPrivateKey => hybridSeedFromText(randomBytes(32).toString("hex"));

let house: House;
let seed: XWingPrivateKey;
let rootId: string;
let tenant: { id: string; token: string; caller: Caller };
let secretId: string;
beforeEach(async () => {
  seed = freshSeed();
  house = await openHouse({ hybrid: { current: seed }, algorithm: "hybrid-quantum" });
  rootId = (await house.provider.current()).id;
  tenant = await house.tenant("hybrid");
  secretId = (await tenant.caller.secrets.create({ name: "K", value: "not a real value" })).id;
});
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

interface WrapRow {
  purpose: "value" | "digest";
  term: number;
  opener: string;
  suite: number;
  wrapped: Buffer;
}
const wraps = () =>
  house.sql<WrapRow>("SELECT * FROM control_plane.key_wraps ORDER BY purpose, term, opener");
const openersNow = async () => [...new Set((await wraps()).map(({ opener }) => opener))].sort();
const reveal = async (server: KeyfoldServer) =>
  (await callerOf(server, tenant.token).secrets.reveal({ id: secretId })).value;
const problem = (start: Promise<unknown>) =>
  start.then(
    () => null,
    (error: Error & { problem: string }) => ({ problem: error.problem, message: error.message }),
  );
/** A start over the same database with exactly these keys. */
const start = (provider: RootKeyProvider, hybrid?: XWingPrivateKey, others: XWingPrivateKey[] = []) =>
  house.another({
    provider,
    algorithm: "aes-256-gcm",
    hybrid: hybrid && { current: hybrid, others },
  } as Partial<Parameters<typeof house.another>[0]> as object);

test("a hybrid tenant's keys have hybrid wraps only, and its values are read as any others", async () => {
  const rows = await wraps();
  expect(rows.map(({ purpose, suite }) => [purpose, suite])).toEqual([
    ["digest", 2],
    ["value", 2],
  ]);
  for (const { opener, wrapped } of rows) {
    expect(opener).toBe(`${rootId}+${seed.publicKey.id}`);
    expect([wrapped.length, wrapped[1]]).toEqual([1242, 2]);
  }
  expect(await reveal(await start(house.provider, seed))).toBe("not a real value");
});

describe("what a thief with half of it has", () => {
  test("all of the database and the root key, without the seed, opens nothing of a hybrid tenant", async () => {
    const place = { deployment: house.server.deployment.id, tenant: tenant.id };
    const [{ dek_wrap: dekWrap, term } = { dek_wrap: Buffer.alloc(0), term: 0 }] = await house.sql<{
      dek_wrap: Buffer;
      term: number;
    }>("SELECT dek_wrap, term FROM control_plane.sealed_values");
    const dekPlace = { ...place, purpose: "value" as const, term, secret: secretId, version: 1 };
    const codes: string[] = [];
    for (const { purpose, term: keyTerm, opener, wrapped } of await wraps()) {
      const at = { ...place, purpose, term: keyTerm, opener };
      // The root key is the right one: it opens the part that it wrapped, which is no key of anything.
      let part: Buffer | undefined;
      const spying = {
        ...house.provider,
        unwrap: async (...[bytes, aad]: Parameters<RootKeyProvider["unwrap"]>) => {
          const opened = await house.provider.unwrap(bytes, aad, rootId);
          part = Buffer.from(opened);
          return opened;
        },
      } as RootKeyProvider;
      const guess = Object.assign(Object.create(freshSeed()), {
        publicKey: seed.publicKey,
      }) as XWingPrivateKey;
      guess.decapsulate = () => randomBytes(32);
      codes.push(await refusal(unwrapKey(spying, wrapped, at, guess)));
      expect(part?.length).toBe(32);
      codes.push(await refusal(unwrapKey(house.provider, wrapped, at)));
      codes.push(await refusal((async () => unwrapDek(dekWrap, SecretKey.fromBytes(part!), dekPlace))()));
    }
    expect(codes).toEqual(Array(2).fill(["not_authentic", "unsupported", "not_authentic"]).flat());
  });

  test("all of the database and the seed, without the root key, opens nothing either", async () => {
    const other = localRootKey(randomBytes(32));
    const place = { deployment: house.server.deployment.id, tenant: tenant.id };
    const guessing = { ...other, unwrap: async () => randomBytes(32) } as RootKeyProvider;
    for (const { purpose, term, opener, wrapped } of await wraps()) {
      const at = { ...place, purpose, term, opener };
      expect(await refusal(unwrapKey(other, wrapped, at, seed))).toBe("unknown_opener");
      expect(await refusal(unwrapKey(guessing, wrapped, at, seed))).toBe("not_authentic");
    }
  });
});

const refusal = (opening: Promise<unknown>) =>
  opening.then(
    () => "opened",
    (error: unknown) => (error instanceof EnvelopeError ? error.code : "another error"),
  );

describe("a start", () => {
  test("without the seed, or with another, stops and names the one that it needs", async () => {
    const needs = `This database needs the hybrid seed ${seed.publicKey.id}, but`;
    const settings =
      "Give the right one (KEYFOLD_HYBRID_SEED_FILE, KEYFOLD_HYBRID_SEED_COMMAND or KEYFOLD_HYBRID_SEED); nothing was changed.";
    expect(await problem(start(house.provider))).toEqual({
      problem: "wrong_hybrid_seed",
      message: `${needs} none is given. ${settings}`,
    });
    const other = freshSeed();
    expect(await problem(start(house.provider, other))).toEqual({
      problem: "wrong_hybrid_seed",
      message: `${needs} given is ${other.publicKey.id}. ${settings}`,
    });
    expect(
      await house.sql("SELECT 1 FROM control_plane.root_keys WHERE id = $1", [other.publicKey.id]),
    ).toEqual([]);
  });

  test("with one key for both halves stops", async () => {
    const bytes = randomBytes(32);
    const hybrid = { current: hybridSeedFromText(bytes.toString("hex")), others: [seed] };
    const provider = localRootKey(rootKeyFromBytes(bytes));
    const error = await problem(house.another({ provider: house.provider, others: [provider], hybrid }));
    expect(error).toMatchObject({ problem: "wrong_hybrid_seed" });
    expect(error?.message).toContain(`${hybrid.current.publicKey.id} is a root key as well`);
  });

  test("with a hybrid default and no seed stops, also where nothing is hybrid yet", async () => {
    const plain = await openHouse();
    try {
      expect(await problem(plain.another({ algorithm: "hybrid-quantum" }))).toMatchObject({
        problem: "wrong_hybrid_seed",
      });
    } finally {
      await plain.close();
    }
  });
});

describe("every opener of a hybrid term is hybrid", () => {
  const insert = (suite: number, opener: string) =>
    house
      .sql(
        `INSERT INTO control_plane.key_wraps SELECT (jsonb_populate_record(w, jsonb_build_object('suite', $1::int, 'opener', $2::text))).*
           FROM control_plane.key_wraps w WHERE purpose = 'value'`,
        [suite, opener],
      )
      .then(
        () => "taken",
        (error: { constraint?: string }) => error.constraint,
      );

  test("the database takes no wrap of suite 1 for a key of suite 2, under whatever name", async () => {
    expect(await insert(1, "local:0000000000000000")).toBe("key_wraps_tenant_id_purpose_term_suite_fkey");
    expect(await insert(2, "local:0000000000000000")).toBe("key_wraps_opener_is_of_suite");
    expect(await insert(1, "local:0000000000000000+xwing:0000000000000000")).toBe(
      "key_wraps_opener_is_of_suite",
    );
    const change = house.sql("UPDATE control_plane.tenant_keys SET suite = 1, generation = generation + 1");
    expect(await change.catch((error: { code: string }) => error.code)).toBe("23001");
  });

  test("a key whose suite was changed behind the application's back is refused, and so is such a wrap", async () => {
    const keys = "UPDATE control_plane.tenant_keys SET suite = ";
    const plain = "UPDATE control_plane.key_wraps SET suite = 1, opener = split_part(opener, '+', 1)";
    const hybrid = `UPDATE control_plane.key_wraps SET suite = 2, opener = opener || '+${seed.publicKey.id}'`;
    for (const [change, back, code] of [
      [`${keys}1`, `${keys}2`, "integrity_failed"],
      // A wrap of another suite than its key's is none of that key's.
      [plain, hybrid, "decryption_failed"],
      [`${keys}1; ${plain}`, `${keys}2; ${hybrid}`, "integrity_failed"],
    ] as const) {
      await house.tamper(change);
      const server = await start(house.provider, seed);
      expect(await codeOf(callerOf(server, tenant.token).secrets.reveal({ id: secretId }))).toBe(code);
      await house.tamper(back);
    }
    expect(await reveal(await start(house.provider, seed))).toBe("not a real value");
  });
});

describe("rotation", () => {
  const run = async (server: KeyfoldServer, retired: string) => {
    const operator = callerOf(server, house.operatorToken);
    expect(await toItsEnd(() => operator.keys.rotate({}))).toMatchObject({ state: "done" });
    expect(await toItsEnd(() => operator.keys.verify({}))).toMatchObject({ state: "done" });
    expect(await toItsEnd(() => operator.keys.retire({ opener: retired }))).toMatchObject({ state: "done" });
    return operator.keys.status({});
  };

  test("of the root key makes hybrid wraps", async () => {
    const next = localRootKey(randomBytes(32));
    const nextId = (await next.current()).id;
    const server = await house.another({ provider: next, others: [house.provider] });
    const status = await run(server, rootId);
    expect(status).toMatchObject({ current: nextId, hybrid: seed.publicKey.id, lacking: 0 });
    expect(await openersNow()).toEqual([`${nextId}+${seed.publicKey.id}`]);
    expect((await wraps()).every(({ suite }) => suite === 2)).toBe(true);
    expect(await reveal(await start(next, seed))).toBe("not a real value");
    expect(await problem(start(house.provider, seed))).toMatchObject({ problem: "wrong_root_key" });
  });

  test("of the hybrid seed goes the same way: both are held, and the old one opens nothing afterwards", async () => {
    const next = freshSeed();
    const server = await start(house.provider, next, [seed]);
    expect(await callerOf(server, house.operatorToken).keys.status({})).toMatchObject({
      lacking: 2,
      keys: 5,
    });
    expect(
      await codeOf(callerOf(server, house.operatorToken).keys.retire({ opener: seed.publicKey.id })),
    ).toBe("illegal_state");
    const status = await run(server, seed.publicKey.id);
    const listed = new Map(status.rootKeys.map((row) => [row.id, row]));
    expect(listed.size).toBe(3);
    expect(listed.get(rootId)).toMatchObject({ provider: "local", wraps: 5, current: true, held: true });
    expect(listed.get(next.publicKey.id)).toMatchObject({ provider: "xwing", wraps: 2, current: true });
    expect(listed.get(seed.publicKey.id)).toMatchObject({
      wraps: 0,
      current: false,
      retiredAt: expect.any(String),
    });
    expect(await openersNow()).toEqual([`${rootId}+${next.publicKey.id}`]);
    expect(await reveal(await start(house.provider, next))).toBe("not a real value");
    const refused = await problem(start(house.provider, seed, [next]));
    expect(refused).toMatchObject({ problem: "wrong_hybrid_seed" });
    expect(refused?.message).toContain(`The hybrid seed ${seed.publicKey.id} was retired on `);
    // A process that was left running with the old seed wraps nothing to it any more.
    const operator = house.as(house.operatorToken);
    expect(await codeOf(operator.tenants.create({ slug: "late" }))).not.toBe("allowed");
  });

  test("the current seed is not retired", async () => {
    const operator = house.as(house.operatorToken);
    expect(await codeOf(operator.keys.retire({ opener: seed.publicKey.id }))).toBe("illegal_state");
  });
});

test("plain tenants and hybrid ones live side by side, and a root key's rotation keeps each in its suite", async () => {
  const plain = await start(house.provider, seed);
  const operator = callerOf(plain, house.operatorToken);
  const { id } = await operator.tenants.create({ slug: "plain" });
  const next = localRootKey(randomBytes(32));
  const nextId = (await next.current()).id;
  const both = await house.another({ provider: next, others: [house.provider] });
  const rotating = callerOf(both, house.operatorToken);
  expect(await toItsEnd(() => rotating.keys.rotate({}))).toMatchObject({ state: "done", done: 7 });
  const rows = await house.sql<{ plain: boolean; suite: number; opener: string }>(
    "SELECT tenant_id = $1 AS plain, suite, opener FROM control_plane.key_wraps WHERE starts_with(opener, $2)",
    [id, nextId],
  );
  expect(rows.length).toBe(4);
  for (const row of rows)
    expect([row.suite, row.opener]).toEqual(row.plain ? [1, nextId] : [2, `${nextId}+${seed.publicKey.id}`]);
});
