import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { localRootKey } from "@keyfold/envelope";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openAnswer } from "./flow/open-answer.ts";
import { shownByLink } from "./link/open.ts";
import type { Letter } from "./mail/transport.ts";
import { requestInfo } from "./router/context.ts";
import { verbs } from "./router/verbs.ts";
import { type Caller, type House, openHouse } from "./testing/house.ts";

/*
 * Known values go in by every way there is, also by wrong ones, and are then searched for in everything that stays or
 * leaves: logs, errors with their causes, answers that are no reveal, audit events, and the whole database.
 */

const CANARY = "canary-value-0123456789-not-a-real-secret";
const OTHER = "canary-value-9876543210-not-a-real-secret";
/** Any piece of a canary in any spelling: half of it is as bad as all of it. */
const TRACES = [CANARY, OTHER].flatMap((value) => {
  const text = value.slice(0, 24);
  const base64 = [0, 1, 2].map((shift) => Buffer.from(value.slice(shift)).toString("base64").slice(0, 20));
  return [
    text,
    Buffer.from(text).toString("hex"),
    ...base64,
    text.toUpperCase(),
    Buffer.from(text).toString("hex").toUpperCase(),
  ];
});

const ROOT_KEY = randomBytes(32);
/** The root key in any spelling, in whole or by half. */
const ROOT_KEY_TRACES = [ROOT_KEY.subarray(0, 16), ROOT_KEY.subarray(16)].flatMap((half) => [
  half.toString("latin1"),
  half.toString("hex"),
  half.toString("hex").toUpperCase(),
  ...[0, 1, 2].map((shift) => half.subarray(shift).toString("base64").slice(0, 16)),
  ...[0, 1, 2].map((shift) => half.subarray(shift).toString("base64url").slice(0, 16)),
]);
/** Every SQL statement with its parameters. */
const statements: string[] = [];

const letters: Letter[] = [];
let house: House;
let id: string;
let token: string;
let caller: Caller;
beforeAll(async () => {
  const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    statements.push(
      args
        .map((arg) => inspect(spelled(arg), { depth: 6, maxArrayLength: null, maxStringLength: null }))
        .join("\n"),
    );
    return query.apply(this, args);
  } as never);
  house = await openHouse({
    provider: localRootKey(Uint8Array.from(ROOT_KEY)),
    mail: { linkTo: (secret) => `#${secret}`, send: async (letter) => void letters.push(letter) },
  });
  ({ id, token, caller } = await house.tenant("acme"));
});
afterAll(async () => {
  await house.close();
  vi.restoreAllMocks();
});

/** What a driver is given, with bytes as hex and as what they are. */
function spelled(given: unknown): unknown {
  if (given instanceof Uint8Array) {
    const bytes = Buffer.from(given);
    return [bytes.toString("hex"), bytes.toString("latin1")];
  }
  if (Array.isArray(given)) return given.map(spelled);
  if (typeof given !== "object" || given === null) return given;
  const { text, values, ...rest } = given as { text?: unknown; values?: unknown };
  return text === undefined ? rest : { text, values: spelled(values) };
}

function expectClean(what: string, text: string, traces: readonly string[] = TRACES): void {
  for (const trace of traces)
    if (text.includes(trace))
      throw new Error(
        `${what} holds a value or key: …${text.slice(Math.max(0, text.indexOf(trace) - 80), text.indexOf(trace) + 10)}…`,
      );
}

/** All of an error that anyone could print, down its chain of causes. */
function wholeOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null; at = (at as Error).cause) {
    const { message, stack, name } = at as Error;
    parts.push(
      String(name),
      String(message),
      String(stack),
      JSON.stringify(at) ?? "",
      JSON.stringify(Object.entries(at)),
    );
  }
  parts.push(inspect(error, { depth: 20, showHidden: true, getters: true }));
  return parts.join("\n");
}

test("no value is found anywhere but in the answers that reveal it", async () => {
  const answers: string[] = [];
  const errors: string[] = [];
  const run = async (call: () => Promise<unknown>) => {
    try {
      answers.push(inspect(await call(), { depth: 20 }));
    } catch (error) {
      errors.push(wholeOf(error));
    }
  };
  const value = CANARY;
  const base64 = Buffer.from(CANARY).toString("base64");
  const made = await caller.secrets.create({ name: "K", value, idempotencyKey: "the-key-of-a-canary" });
  const as = (verb: Parameters<House["server"]["invoke"]>[0], input: unknown) => () =>
    house.server.invoke(verb, requestInfo({ token, userAgent: "test" }), input);

  // What is allowed.
  await run(() => caller.secrets.create({ name: "K", value, idempotencyKey: "the-key-of-a-canary" }));
  await run(() => caller.secrets.set({ name: "K", value: OTHER, idempotencyKey: "another-key-of-a-canary" }));
  await run(() => caller.secrets.set({ name: "K", value: OTHER }));
  await run(() => caller.secrets.set({ name: "B", value: base64, encoding: "base64" }));
  await run(() =>
    caller.secrets.setMany({
      items: [
        { name: "M1", value },
        { name: "M2", value: base64, encoding: "base64" },
      ],
    }),
  );
  await run(() => caller.secrets.rotate({ id: made.id, value }));
  await run(() => caller.secrets.rollBack({ id: made.id, to: 2 }));
  await run(() => caller.secrets.get({ id: made.id }));
  await run(() => caller.secrets.list({}));
  await run(() => caller.versions.list({ id: made.id }));
  for (const read of [
    () => caller.secrets.reveal({ id: made.id }),
    () => caller.secrets.reveal({ id: made.id }),
  ])
    expect((await read()).value).toBe(OTHER);
  await caller.secrets.revealMany({ names: ["K", "M1"] });
  await caller.versions.reveal({ id: made.id, version: 1 });
  await run(() => caller.versions.destroy({ id: made.id, version: 1, reason: "over" }));

  // What goes by links, what people type and are sent, and what leaves by itself.
  await caller.webhooks.create({ url: "https://receiver.example.com/hook" });
  const dispatcher = house.server.dispatchWebhooks({ pollMs: 10 })!;
  const { links, people } = house.server;
  const held = ({ url }: { url: string }) => ({
    id: new URL(url).pathname.split("/")[2],
    secret: new URL(url).hash.slice(1),
  });
  const nobody = requestInfo({ userAgent: "test" });
  const asks = held(await caller.links.request({ name: "HANDED/IN" }));
  await run(() => links.handIn(nobody, { ...asks, secret: "A".repeat(43), value }));
  await run(() => links.handIn(nobody, { ...asks, value }));
  await run(() => links.handIn(nobody, { ...asks, value }));
  const shows = held(await caller.links.share({ value }));
  await run(() => links.look(nobody, shows));
  expect(openAnswer(shownByLink, await links.open(nobody, shows)).value).toBe(value);
  await run(() => links.open(nobody, shows));
  const email = "ada@example.com";
  const { secret } = await caller.invitations.create({ email, grants: [{ role: "owner" }] });
  await run(() => people.acceptLink(nobody, { secret, name: "Ada", password: OTHER }));
  await run(() => people.signIn(nobody, { email, password: value }));
  await run(() => people.signIn(nobody, { email, password: OTHER, code: value }));
  await run(() => people.forgotPassword(nobody, { email }));
  await run(() => caller.audit.list({ limit: 500 }));
  await run(() => caller.audit.export({}));
  await caller.secrets.set({ name: "THE/LAST", value: OTHER });
  await vi.waitFor(() => expect(JSON.stringify(house.transport.posted)).toContain("THE/LAST"), {
    timeout: 60_000,
  });
  await dispatcher.stop();
  await house.server.jobs.find(({ name }) => name === "mail.send")!.run(new AbortController().signal);
  expect(letters.length).toBe(2);
  expectClean("a webhook", JSON.stringify(house.transport.posted));
  expectClean("a letter", JSON.stringify(letters));

  // What is refused, each with a value where it belongs, and with one where it does not.
  const { secrets, versions, tokens } = verbs;
  const wrong: (() => Promise<unknown>)[] = [
    () => caller.secrets.create({ name: "K", value }),
    () => caller.secrets.set({ name: "K", value, expectedVersion: 99 }),
    () => caller.secrets.set({ name: "K", value, idempotencyKey: "another-key-of-a-canary" }),
    () => caller.secrets.set({ name: "K", value: `${value}\ud800` }),
    () => caller.secrets.set({ name: "K", value: `${base64}!`, encoding: "base64" }),
    () => caller.secrets.set({ name: "K", value: value.repeat(50_000) }),
    () => caller.secrets.set({ project: "no-such-project", name: "K", value }),
    () => caller.secrets.rotate({ name: "NONE", value }),
    () =>
      caller.secrets.setMany({
        items: [
          { name: "K", value },
          { name: "K", value },
        ],
      }),
    () => caller.secrets.setMany({ items: [{ name: "K", value, expectedVersion: 99 }] }),
    () => house.as(null).secrets.set({ name: "K", value }),
    () => house.as(house.operatorToken).secrets.set({ tenant: "acme", name: "K", value }),
    as(secrets.set, { name: "K", value: { [value]: value } }),
    as(secrets.set, { name: "K", value: [value] }),
    as(secrets.set, { name: "K", value, encoding: value }),
    as(secrets.set, { name: "K", value, [value]: value }),
    as(secrets.set, { name: `${value}\n`, value }),
    as(secrets.set, { name: "K", value, reason: `${value}\0` }),
    as(secrets.set, { name: "K", value, idempotencyKey: `${value} ${value}` }),
    as(secrets.set, { name: "K", value, project: `${value}/` }),
    as(secrets.set, { name: "K", value, tenant: `${value}!` }),
    as(secrets.create, { name: "N", value, tags: { [`${value} `]: value } }),
    as(secrets.create, { name: "N", value, tags: { a: `${value}\0` } }),
    as(secrets.create, { name: "N", value, description: `${value}\0` }),
    as(secrets.create, { name: "N", value, graceSeconds: value }),
    as(secrets.reveal, value),
    as(secrets.reveal, { id: value }),
    as(secrets.list, { cursor: Buffer.from(value).toString("base64url") }),
    as(secrets.list, { limit: value }),
    as(secrets.list, { state: value }),
    as(versions.reveal, { id: made.id, version: value }),
    as(tokens.create, { name: `${value}\n`, actions: [value], environments: [`${value}/`] }),
  ];
  const refused = errors.length;
  for (const call of wrong) await run(call);
  expect(errors.length - refused).toBe(wrong.length);

  // Values reach the database sealed, and what is refused does not reach it.
  expectClean("a statement", statements.join("\n"));

  // What breaks inside, where drivers quote their rows and parameters.
  for (const state of ["23514", "XX000", "22P02"]) {
    await house.sql(
      `CREATE OR REPLACE FUNCTION public.quote() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row: ${CANARY}' USING ERRCODE = '${state}', DETAIL = '${CANARY}', HINT = '${OTHER}'; END $$`,
    );
    for (const table of ["secrets", "sealed_values", "audit_batches", "idempotency_keys"]) {
      await house.sql(
        `CREATE TRIGGER quote BEFORE INSERT OR UPDATE ON control_plane.${table} FOR EACH ROW EXECUTE FUNCTION public.quote()`,
      );
      const before = errors.length;
      await run(() => caller.secrets.set({ name: "NEW", value, idempotencyKey: "a-key-for-what-breaks" }));
      await run(() => caller.projects.create({ name: "new", idempotencyKey: "a-key-for-what-breaks" }));
      await house.sql(`DROP TRIGGER quote ON control_plane.${table}`);
      expect(errors.length, table).toBeGreaterThan(before);
      if (table === "idempotency_keys") expect(errors.length).toBe(before + 2);
      await run(() => house.as(house.operatorToken).projects.delete({ tenant: "acme", project: "new" }));
      await house.sql("DELETE FROM control_plane.idempotency_keys WHERE tenant_id = $1", [id]);
    }
  }
  await house.sql("DROP FUNCTION public.quote()");
  await house.tamper(
    "UPDATE control_plane.sealed_values SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE tenant_id = $1 AND secret_id = $2",
    [id, made.id],
  );
  const cold = await house.another({ readCache: false });
  await run(() => cold.invoke(verbs.secrets.reveal, requestInfo({ token }), { id: made.id }));

  expectClean("an answer", answers.join("\n"));
  for (const error of errors) expectClean("an error", error);
  expect(house.logged.length).toBeGreaterThan(3);
  expectClean("the log", house.logged.join("\n"));
  expectClean("the database", await dump());
});

test("A2: the root key is in no SQL statement, no row, no log, no error and no answer", async () => {
  const another = await house.another();
  const refusals: string[] = [];
  const others = [
    localRootKey(randomBytes(32)),
    { ...house.provider, unwrap: () => Promise.reject(new Error("away")) },
  ];
  for (const provider of others)
    await house.another({ provider }).catch((error: unknown) => refusals.push(wholeOf(error)));
  expect(refusals).toHaveLength(2);
  const operator = house.as(house.operatorToken);
  const told = inspect(
    [
      another,
      await operator.keys.status({}),
      await operator.keys.rotate({}),
      await operator.audit.list({ tenant: "acme" }),
    ],
    { depth: 20, showHidden: true },
  );
  expect(statements.length).toBeGreaterThan(50);
  for (const [what, text] of [
    ["a statement", statements.join("\n")],
    ["the database", await dump()],
    ["the log", house.logged.join("\n")],
    ["an error", refusals.join("\n")],
    ["an answer", told],
  ] as const)
    expectClean(what, text, ROOT_KEY_TRACES);
});

/** Every row of every table as text, bytes in hex and as what they are. */
async function dump(): Promise<string> {
  const tables = await house.sql<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const rows = await house.sql(`SELECT * FROM ${name}`);
    for (const row of rows)
      for (const field of Object.values(row))
        parts.push(
          Buffer.isBuffer(field)
            ? `${field.toString("latin1")}\n${field.toString("hex")}`
            : (JSON.stringify(field) ?? ""),
        );
  }
  expect(parts.length).toBeGreaterThan(100);
  return parts.join("\n");
}

test("the search would have found one", async () => {
  const before = statements.length;
  await house.sql("CREATE TABLE public.leak (bytes bytea)");
  await house.sql("INSERT INTO public.leak VALUES ($1), ($2)", [Buffer.from(`x${CANARY}`), ROOT_KEY]);
  const leaked = await dump();
  await house.sql("DROP TABLE public.leak");
  expect(() => expectClean("the database", leaked, ROOT_KEY_TRACES)).toThrow("holds a value or key");
  expect(() => expectClean("a statement", statements.at(-1) ?? "", ROOT_KEY_TRACES)).not.toThrow();
  expect(() => expectClean("a statement", statements.join("\n"), ROOT_KEY_TRACES)).toThrow(
    "holds a value or key",
  );
  // What was leaked here on purpose is no other test's finding.
  statements.splice(before);
  expect(() => expectClean("the database", leaked)).toThrow("holds a value or key");
  const error = new Error("outer", {
    cause: new Error("inner", { cause: Object.assign(new Error("x"), { detail: OTHER }) }),
  });
  expect(() => expectClean("an error", wholeOf(error))).toThrow("holds a value or key");
});
