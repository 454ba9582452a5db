import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";
import type { AskedUpstream, Upstream } from "./port.ts";

/** An older secrets manager, played: what it has, by environment and name, and how it behaves. */
class Old implements Upstream {
  readonly name: string;
  readonly keeps: boolean;
  readonly compares: boolean;
  readonly timeoutMs: number;
  readonly has = new Map<string, string | Uint8Array>();
  readonly asked: string[] = [];
  behave: "answer" | "hang" | "throw" | "throw at once" = "answer";
  readonly #tenants: RegExp;

  constructor(
    name: string,
    tenants: RegExp,
    more: { keeps?: boolean; compares?: boolean; timeoutMs?: number },
  ) {
    this.name = name;
    this.#tenants = tenants;
    this.keeps = more.keeps ?? false;
    this.compares = more.compares ?? false;
    this.timeoutMs = more.timeoutMs ?? 20_000;
  }

  serves({ tenant }: Omit<AskedUpstream, "name">): boolean {
    return this.#tenants.test(tenant.slug);
  }

  read({ tenant, environment, name }: AskedUpstream): Promise<Uint8Array | null> {
    const key = `${tenant.slug}/${environment.name}/${name}`;
    this.asked.push(key);
    if (this.behave === "hang") return new Promise(() => {}); // it does not heed its signal either
    if (this.behave === "throw at once") throw new Error("the value is not-a-real-canary");
    if (this.behave === "throw") return Promise.reject(new Error("the value is not-a-real-canary"));
    const value = this.has.get(key);
    return Promise.resolve(value === undefined ? null : Buffer.from(value));
  }
}

let house: House;
let time = Date.now();
const plain = new Old("plain", /^plain/, {});
const keeping = new Old("keeping", /^keep/, { keeps: true });
const slow = new Old("slow", /^slow/, { timeoutMs: 30 });
const beside = new Old("beside", /^beside/, { compares: true });
const all = [plain, keeping, slow, beside];
beforeAll(async () => {
  house = await openHouse({ upstreams: all, clock: () => new Date(time) });
});
beforeEach(() => {
  for (const old of all) {
    old.behave = "answer";
    old.asked.length = 0;
  }
  time += 3_600_000; // what one test made it remember is over
});
afterAll(async () => {
  await house.server.flush();
  await house.verify().finally(() => house.close());
});

async function eventsOf(chain: string) {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 AND bodies IS NOT NULL ORDER BY number",
    [chain],
  );
  return rows.flatMap((row) => decodeBodies(row.bodies).map(decodeEvent));
}

test("D1: a name that never was here is read from the upstream, and the audit log says so before the value leaves", async () => {
  const { id, caller } = await house.tenant("plain-1");
  plain.has.set("plain-1/dev/STRIPE_KEY", "sk_test_not_a_real_key");
  await caller.secrets.set({ name: "HERE", value: "here, not real" });
  expect((await caller.secrets.reveal({ name: "HERE" })).value).toBe("here, not real");
  expect(plain.asked).toEqual([]);
  expect(await caller.secrets.reveal({ name: "STRIPE_KEY" })).toMatchObject({
    name: "STRIPE_KEY",
    version: 0,
    value: "sk_test_not_a_real_key",
    encoding: "utf8",
    upstream: "plain",
  });
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "secret.accessed",
    outcome: "success",
    actor: { type: "service_token" },
    target: { type: "secret", id: null, name: "STRIPE_KEY" },
    details: { upstream: "plain" },
  });
  // Not kept, and so asked for again.
  await caller.secrets.reveal({ name: "STRIPE_KEY" });
  expect(plain.asked).toHaveLength(2);
  expect(await caller.secrets.list({})).toMatchObject({ secrets: [{ name: "HERE" }] });
});

test("D1: where it is so configured, what was found is stored, and the next read finds it here", async () => {
  const { id, caller } = await house.tenant("keep-1");
  const bytes = Uint8Array.of(0xff, 0, 0xfe);
  keeping.has.set("keep-1/prod/BYTES", bytes);
  const place = { environment: "prod", name: "BYTES" };
  const { token } = await caller.tokens.create({ name: "reads only", preset: "reader" });
  const first = await house.as(token!).secrets.reveal(place);
  expect(first).toMatchObject({ version: 1, encoding: "base64", value: "/wD+" });
  expect(first.upstream).toBeUndefined();
  keeping.behave = "throw";
  expect(await house.as(token!).secrets.reveal(place)).toEqual(first);
  expect(keeping.asked).toEqual(["keep-1/prod/BYTES"]);
  expect((await eventsOf(id)).slice(-3)).toMatchObject([
    { action: "secret.created", target: { id: first.id, version: 1 }, details: { upstream: "keeping" } },
    { action: "secret.accessed", target: { id: first.id, version: 1 } },
    { action: "secret.accessed", target: { id: first.id, version: 1 } },
  ]);
});

test("a token for names that begin in one way asks an upstream for no others", async () => {
  const { caller } = await house.tenant("plain-prefix");
  plain.has.set("plain-prefix/dev/mail/KEY", "not real");
  plain.has.set("plain-prefix/dev/pay/KEY", "not real either");
  const { token } = await caller.tokens.create({ name: "mail only", preset: "reader", prefix: "mail/" });
  const narrow = house.as(token!);
  expect(await narrow.secrets.reveal({ name: "mail/KEY" })).toMatchObject({ value: "not real" });
  expect(await codeOf(narrow.secrets.reveal({ name: "pay/KEY" }))).toBe("not_found");
  expect(await codeOf(narrow.secrets.revealMany({ names: ["mail/KEY", "pay/KEY"] }))).toBe("not_found");
  expect(plain.asked).toEqual(["plain-prefix/dev/mail/KEY"]);
});

test("many who ask for the same new name at once store it once", async () => {
  const { caller } = await house.tenant("keep-2");
  keeping.has.set("keep-2/dev/K", "not real");
  const answers = await Promise.all(Array.from({ length: 6 }, () => caller.secrets.reveal({ name: "K" })));
  expect(new Set(answers.map(({ id, version, value }) => `${id}/${version}/${value}`)).size).toBe(1);
});

test("what was deleted here was deleted on purpose: it is not asked for, and neither is what is empty", async () => {
  const { caller } = await house.tenant("plain-2");
  for (const name of ["GONE", "EMPTY"]) {
    plain.has.set(`plain-2/dev/${name}`, "from before, not real");
    await caller.secrets.set({ name, value: "not real" });
  }
  await caller.secrets.delete({ name: "GONE" });
  const { id } = await caller.secrets.get({ name: "EMPTY" });
  await caller.versions.revoke({ id, version: 1, reason: "a test" });
  expect(await codeOf(caller.secrets.reveal({ name: "GONE" }))).toBe("not_found");
  expect(await codeOf(caller.secrets.revealMany({ names: ["GONE"] }))).toBe("not_found");
  expect(await codeOf(caller.secrets.reveal({ name: "EMPTY" }))).toBe("secret_empty");
  expect(plain.asked).toEqual([]);
});

test("nobody is asked for who may not read: a stranger, another place's reader, one who only lists, an operator", async () => {
  const { caller } = await house.tenant("plain-3");
  plain.has.set("plain-3/dev/K", "not real");
  const stranger = (await house.tenant("plain-4")).caller;
  const elsewhere = await caller.tokens.create({
    name: "prod only",
    preset: "reader",
    projects: ["default"],
    environments: ["prod"],
  });
  const lists = await caller.tokens.create({ name: "lists", actions: ["secret.list", "secret.get"] });
  const ref = { name: "K", environment: "dev" };
  expect(await codeOf(stranger.secrets.reveal({ ...ref, tenant: "plain-3" }))).toBe("not_found");
  expect(await codeOf(house.as(elsewhere.token!).secrets.reveal(ref))).toBe("not_found");
  expect(await codeOf(house.as(lists.token!).secrets.reveal(ref))).toBe("forbidden");
  const operator = house.as(house.operatorToken);
  expect(await codeOf(operator.secrets.reveal({ ...ref, tenant: "plain-3" }))).toBe("forbidden");
  expect(await codeOf(caller.secrets.reveal({ ...ref, environment: "none" }))).toBe("not_found");
  expect(await codeOf(caller.secrets.get(ref))).toBe("not_found");
  expect(plain.asked).toEqual([]);
});

test("a token for names that begin so is given no other name's value, be it here or there", async () => {
  const { caller } = await house.tenant("plain-9");
  for (const name of ["api/KEY", "KEY", "apikey"]) plain.has.set(`plain-9/dev/${name}`, "not real");
  const { token } = await caller.tokens.create({ name: "api only", preset: "reader", prefix: "api/" });
  const api = house.as(token!);
  expect((await api.secrets.reveal({ name: "api/KEY" })).upstream).toBe("plain");
  expect((await api.secrets.revealMany({ names: ["api/KEY"] })).secrets).toHaveLength(1);
  const asked = plain.asked.length;
  for (const name of ["KEY", "apikey"]) expect(await codeOf(api.secrets.reveal({ name }))).toBe("not_found");
  expect(await codeOf(api.secrets.revealMany({ names: ["api/KEY", "KEY"] }))).toBe("not_found");
  expect(plain.asked).toHaveLength(asked);
  for (const name of ["api/A", "B"]) await caller.secrets.set({ name, value: "not real" });
  expect((await api.secrets.compare({})).secrets.map(({ name }) => name)).toEqual(["api/A"]);
});

test("regression: the pages of a comparison told names that are out of reach", async () => {
  const { caller } = await house.tenant("plain-10");
  for (const name of ["A", "B", "mail/A", "mail/B", "mail/C", "z"])
    await caller.secrets.set({ name, value: "not real" });
  const { token } = await caller.tokens.create({ name: "mail only", preset: "reader", prefix: "mail/" });
  const mail = house.as(token!);
  const first = await mail.secrets.compare({ limit: 2 });
  expect(first.secrets.map(({ name }) => name)).toEqual(["mail/A", "mail/B"]);
  expect(Buffer.from(first.nextCursor!, "base64url").toString()).toBe('["mail/B"]');
  const second = await mail.secrets.compare({ limit: 2, cursor: first.nextCursor! });
  expect(second.secrets.map(({ name }) => name)).toEqual(["mail/C"]);
  expect(second.nextCursor).toBeNull();
});

test("where a person's read takes two, nothing is asked for without the other's word", async () => {
  const { id, caller } = await house.tenant("keep-3");
  keeping.has.set("keep-3/prod/K", "not real");
  keeping.has.set("keep-3/staging/K", "not real");
  keeping.has.set("keep-3/prod/P", "not real");
  const { environments } = await caller.environments.list({ project: "default" });
  const idOf = (wanted: string) => environments.find(({ name }) => name === wanted)!.id;
  await caller.environments.protect({ environment: idOf("prod"), protection: "changes" });
  await caller.environments.protect({ environment: idOf("staging"), protection: "all" });
  const { token } = await caller.tokens.create({ name: "reads", preset: "reader" });
  // That what was found is stored is the operator's word, also where people change nothing alone.
  const reads = (environment: string) => house.as(token!).secrets.reveal({ name: "K", environment });
  expect(await reads("prod")).toMatchObject({ version: 1 });
  const person = await personOf(house.server, id, "Olga");
  await caller.members.add({ personId: person.id, name: "Olga", grants: [{ role: "owner" }] });
  const asked = keeping.asked.length;
  expect(await codeOf(person.caller.secrets.reveal({ name: "K", environment: "staging" }))).toBe(
    "approval_required",
  );
  expect(keeping.asked).toHaveLength(asked);
  expect(await reads("staging")).toMatchObject({ version: 1 });
  expect(await person.caller.secrets.reveal({ name: "P", environment: "prod" })).toMatchObject({
    version: 1,
  });
});

test("a bulk read takes what is here from here and the rest from the upstream, or nothing at all", async () => {
  const { id, caller } = await house.tenant("plain-5");
  await caller.secrets.set({ name: "A", value: "a, not real" });
  plain.has.set("plain-5/dev/B", "b, not real");
  const { secrets } = await caller.secrets.revealMany({ names: ["B", "A", "B"] });
  expect(secrets.map(({ name, value, upstream }) => [name, value, upstream])).toEqual([
    ["B", "b, not real", "plain"],
    ["A", "a, not real", undefined],
    ["B", "b, not real", "plain"],
  ]);
  const told = await eventsOf(id);
  expect(told.slice(-2).map(({ target, details }) => [target?.name, details.upstream])).toEqual([
    ["B", "plain"],
    ["A", undefined],
  ]);
  expect(await codeOf(caller.secrets.revealMany({ names: ["A", "B", "NEITHER"] }))).toBe("not_found");
  expect((await eventsOf(id)).slice(told.length).map(({ outcome }) => outcome)).toEqual(["not_found"]);
});

test("what the upstream does not have is not asked for again for half a minute", async () => {
  const { caller } = await house.tenant("plain-6");
  for (let i = 0; i < 3; i++) expect(await codeOf(caller.secrets.reveal({ name: "NONE" }))).toBe("not_found");
  expect(plain.asked).toHaveLength(1);
  plain.has.set("plain-6/dev/NONE", "there now, not real");
  time += 31_000;
  expect((await caller.secrets.reveal({ name: "NONE" })).upstream).toBe("plain");
});

test("D2: an upstream that hangs delays a read no longer than its time-out, and what is here not at all", async () => {
  const { caller } = await house.tenant("slow-1");
  await caller.secrets.set({ name: "HERE", value: "here, not real" });
  slow.behave = "hang";
  // Were it waited for, this would never end.
  const missing = Array.from({ length: 40 }, (_, i) => codeOf(caller.secrets.reveal({ name: `M${i}` })));
  expect((await caller.secrets.reveal({ name: "HERE" })).value).toBe("here, not real");
  expect(new Set(await Promise.all(missing))).toEqual(new Set(["upstream_unavailable"]));
  expect(await codeOf(caller.secrets.revealMany({ names: ["HERE", "M1", "M2"] }))).toBe(
    "upstream_unavailable",
  );
  expect((await caller.secrets.revealMany({ names: ["HERE"] })).secrets).toHaveLength(1);
});

test("D2: after failures in a row it is left alone for ten seconds, and then asked by one", async () => {
  const { caller } = await house.tenant("slow-2");
  slow.has.set("slow-2/dev/K", "not real");
  const read = () => codeOf(caller.secrets.reveal({ name: "K" }));
  slow.behave = "throw at once";
  for (let i = 0; i < 8; i++) expect(await read()).toBe("upstream_unavailable");
  const asked = slow.asked.length;
  expect(asked).toBeLessThanOrEqual(5);
  slow.behave = "answer";
  expect(await read()).toBe("upstream_unavailable");
  expect(slow.asked).toHaveLength(asked);
  time += 10_001;
  slow.behave = "throw";
  expect(await read()).toBe("upstream_unavailable");
  expect(await read()).toBe("upstream_unavailable");
  expect(slow.asked).toHaveLength(asked + 1);
  time += 10_001;
  slow.behave = "answer";
  expect([await read(), await read()]).toEqual(["allowed", "allowed"]);
});

test("what an upstream says of its own failure reaches neither the caller nor the log", async () => {
  const { caller } = await house.tenant("plain-7");
  plain.behave = "throw";
  const error = await caller.secrets.reveal({ name: "K" }).catch((error: unknown) => error);
  expect(String(error)).not.toContain("canary");
  expect(house.logged.join("\n")).not.toContain("canary");
});

test("an empty answer is none, and one that is larger than values may be is refused", async () => {
  const { caller } = await house.tenant("plain-8");
  plain.has.set("plain-8/dev/EMPTY", "");
  plain.has.set("plain-8/dev/LARGE", new Uint8Array(1024 * 1024 + 1));
  expect(await codeOf(caller.secrets.reveal({ name: "EMPTY" }))).toBe("not_found");
  expect(await codeOf(caller.secrets.reveal({ name: "LARGE" }))).toBe("too_large");
});

test("E3: side by side, what is read here is compared in the background, counted, and marked in the audit log", async () => {
  const { id, caller } = await house.tenant("beside-1");
  for (const name of ["SAME", "DIFFERENT", "ABSENT"])
    await caller.secrets.set({ name, value: "one, not real" });
  beside.has.set("beside-1/dev/SAME", "one, not real");
  beside.has.set("beside-1/dev/DIFFERENT", "another, not real");
  const before = house.server.upstreamFacts().find(({ name }) => name === "beside")!.compared;
  for (const name of ["SAME", "SAME", "DIFFERENT", "ABSENT"]) await caller.secrets.reveal({ name });
  await caller.secrets.revealMany({ names: ["SAME", "DIFFERENT"] });
  await house.server.flush();
  const after = house.server.upstreamFacts().find(({ name }) => name === "beside")!.compared;
  expect([
    after.same - before.same,
    after.different - before.different,
    after.absent - before.absent,
  ]).toEqual([1, 1, 1]);
  const compared = (await eventsOf(id)).filter(({ action }) => action === "secret.compared");
  expect(compared.map(({ actor, target, details }) => [actor.type, target?.name, details]).sort()).toEqual([
    ["job", "ABSENT", { upstream: "beside" }],
    ["job", "DIFFERENT", { upstream: "beside" }],
    ["job", "SAME", { upstream: "beside" }],
  ]);
});

test("E3: reads go on while the upstream that they are compared with hangs or fails", async () => {
  const { caller } = await house.tenant("beside-2");
  await caller.secrets.set({ name: "K", value: "not real" });
  beside.behave = "throw";
  expect((await caller.secrets.reveal({ name: "K" })).value).toBe("not real");
  await house.server.flush();
  expect(house.server.upstreamFacts().find(({ name }) => name === "beside")!.compared.skipped).toBe(1);
});

test("E3: before going back, one call lists what has diverged, for who may read the values, in pages", async () => {
  const { caller } = await house.tenant("beside-3");
  const names = ["A", "B", "C", "D"];
  for (const name of names) {
    await caller.secrets.set({ name, value: `${name}, not real` });
    if (name !== "C") beside.has.set(`beside-3/dev/${name}`, `${name}, not real`);
  }
  await caller.secrets.rotate({ name: "B", value: "rotated here, not real" });
  const first = await caller.secrets.compare({ limit: 3 });
  const second = await caller.secrets.compare({ limit: 3, cursor: first.nextCursor! });
  expect(first.upstream).toBe("beside");
  expect(
    [...first.secrets, ...second.secrets].map(({ name, version, state }) => [name, version, state]),
  ).toEqual([
    ["A", 1, "same"],
    ["B", 2, "different"],
    ["C", 1, "absent"],
    ["D", 1, "same"],
  ]);
  expect(second.nextCursor).toBeNull();
  beside.behave = "throw";
  expect((await caller.secrets.compare({ limit: 1 })).secrets[0]!.state).toBe("unanswered");
  const { caller: other } = await house.tenant("none-has-it");
  expect(await codeOf(other.secrets.compare({}))).toBe("illegal_state");
  for (const actions of [["secret.list", "secret.get"] as const, ["secret.reveal", "secret.get"] as const]) {
    const half = await caller.tokens.create({ name: "half", actions: [...actions] });
    expect([actions, await codeOf(house.as(half.token!).secrets.compare({}))]).toEqual([
      actions,
      "forbidden",
    ]);
  }
});

test("upstreams without a name, or with the same one, are refused at the start", async () => {
  for (const names of [["", "a"], ["a", "a"], ["No Name"]])
    await expect(house.another({ upstreams: names.map((name) => new Old(name, /./, {})) })).rejects.toThrow(
      TypeError,
    );
});
