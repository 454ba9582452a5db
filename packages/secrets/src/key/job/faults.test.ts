import { randomBytes } from "node:crypto";
import { localRootKey } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf } from "../../testing/refusal.ts";

/*
 * Jobs over keys while the database has no room, and while its clock jumps. The disk is not really full here: a trigger
 * raises what PostgreSQL raises then (53100) at the second row that a table would take.
 */

const next = localRootKey(randomBytes(32));
let house: House;
let operator: Caller;
const secrets: { caller: Caller; token: string; id: string; value: string }[] = [];
beforeEach(async () => {
  house = await openHouse();
  secrets.length = 0;
  for (const slug of ["one", "two", "three"]) {
    const { caller, token } = await house.tenant(slug);
    const value = `a value of ${slug}, not real`;
    const { id } = await caller.secrets.create({ name: "K", value });
    secrets.push({ caller, token, id, value });
  }
  operator = callerOf(await house.another({ provider: next, others: [house.provider] }), house.operatorToken);
});
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

const readable = async () => {
  for (const { caller, id, value } of secrets)
    expect((await caller.secrets.reveal({ id })).value).toBe(value);
};
const fill = (table: string, on: string) => refuse(table, on, "> 1", "53100");
/** Refuses rows whose number, counted from 1, is so. */
const refuse = (table: string, on: string, which: string, state: string) =>
  house.sql(`
    CREATE SEQUENCE public.room;
    CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      IF nextval('public.room') ${which} THEN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '${state}'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER aa_full BEFORE ${on} ON control_plane.${table} FOR EACH ROW EXECUTE FUNCTION public.full()`);
const empty = (table: string) =>
  house.sql(
    `DROP TRIGGER aa_full ON control_plane.${table}; DROP FUNCTION public.full; DROP SEQUENCE public.room`,
  );

const jobs = {
  "a root key's rotation": () => operator.keys.rotate({}),
  "a rotation of tenants' keys": () => operator.keys.rotateTenant({}),
  "a re-encryption": () => operator.keys.reEncrypt({ digests: true }),
};

test.each([
  ["a root key's rotation", "key_wraps", "INSERT"],
  ["a rotation of tenants' keys", "sealed_values", "UPDATE"],
] as const)(
  "%s that loses its rows to others again and again goes on, and comes to its end",
  async (name, table, on) => {
    await refuse(table, on, "<= 20", "40001");
    expect(await toItsEnd(jobs[name])).toMatchObject({ state: "done", problem: null, failed: [] });
    await empty(table);
    await readable();
  },
);

test.each([
  ["a root key's rotation", "key_wraps", "INSERT"],
  ["a root key's rotation", "audit_batches", "INSERT"],
  ["a rotation of tenants' keys", "sealed_values", "UPDATE"],
  ["a re-encryption", "tenant_keys", "INSERT"],
  ["a re-encryption", "sealed_values", "UPDATE"],
] as const)(
  "%s with no room for %s leaves every value readable, and goes on to its end when there is room",
  async (name, table, on) => {
    const slice = jobs[name];
    await fill(table, on);
    for (let runs = 0; runs < 2; runs++) {
      const ended = await toItsEnd(slice).then(
        ({ state, problem }) => [state, problem],
        (error: unknown) => codeOf(Promise.reject(error)),
      );
      // With no room for its events a job cannot even say that it stopped.
      expect(ended).toEqual(table === "audit_batches" ? "database_full" : ["stopped", "database_full"]);
    }
    // What is read appends an event: with no room for that, it is refused, and not answered untold.
    if (table === "audit_batches")
      expect(await codeOf(secrets[0]!.caller.secrets.reveal({ id: secrets[0]!.id }))).toBe("database_full");
    else await readable();
    await empty(table);
    await readable();
    expect(await toItsEnd(slice)).toMatchObject({ state: "done", failed: [] });
    const server = await house.another({ provider: next, others: [house.provider] });
    for (const { token, id, value } of secrets)
      expect((await callerOf(server, token).secrets.reveal({ id })).value).toBe(value);
  },
);

test("a root key's rotation, its verification and its retirement bear a clock that jumps back and ahead", async () => {
  const old = (await house.provider.current()).id;
  await house.moveClock("-400 days");
  await operator.keys.rotate({ forSeconds: 0, perSecond: 1 });
  await house.moveClock("400 days");
  expect(await toItsEnd(() => operator.keys.rotate({}))).toMatchObject({ state: "done" });
  await house.moveClock("-10 days");
  // Verified by an earlier clock than that of the rotation: it does not count, and says so.
  await toItsEnd(() => operator.keys.verify({}));
  const retired = await codeOf(operator.keys.retire({ opener: old }));
  expect(retired).toBe("illegal_state");
  await house.moveClock("401 days");
  await toItsEnd(() => operator.keys.verify({}));
  expect(await toItsEnd(() => operator.keys.retire({ opener: old }))).toMatchObject({ state: "done" });
  await house.moveClock("0");
  const server = await house.another({ provider: next });
  for (const { token, id, value } of secrets)
    expect((await callerOf(server, token).secrets.reveal({ id })).value).toBe(value);
});
