import { withTenant } from "@keyfold/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import { countEvents } from "./counts.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
type Counts = Awaited<ReturnType<Awaited<ReturnType<House["tenant"]>>["caller"]["audit"]["counts"]>>;
const sum = ({ spans }: Counts, of: "events" | "reads" | "refused" | "failed") =>
  spans.reduce((all, span) => all + span[of], 0);

test("reads, refusals and all that happened are counted by the day and by the hour, and by nothing outside of the time", async () => {
  const { caller } = await house.tenant("counted");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  for (let i = 0; i < 3; i++) await caller.secrets.reveal({ name: "K" });
  await codeOf(caller.secrets.reveal({ name: "NONE" }));
  try {
    await house.moveClock("2 days");
    await caller.secrets.reveal({ name: "K" });
    const since = ago(DAY);
    const until = new Date(Date.now() + 3 * DAY).toISOString();
    const days = await caller.audit.counts({ since, until });
    expect(days).toMatchObject({ countedFrom: since, until });
    expect(days.spans).toHaveLength(Math.ceil(Date.parse(until) / DAY) - Math.floor(Date.parse(since) / DAY));
    expect([sum(days, "reads"), sum(days, "refused"), sum(days, "failed")]).toEqual([4, 1, 0]);
    const last = days.spans.filter(({ events }) => events > 0).at(-1)!;
    expect(last.reads).toBe(1);
    expect(Date.parse(last.from)).toBeGreaterThan(Date.now() + DAY);
    for (const { from } of days.spans) expect(from).toMatch(/T00:00:00\.000Z$/);
    // As many as the list has, but for what this itself has added since.
    const { events } = await caller.audit.list({ limit: 500 });
    expect(sum(days, "events")).toBe(events.filter(({ action }) => action !== "audit.counted").length);
    const hours = await caller.audit.counts({ since: ago(HOUR), until: ago(-HOUR), by: "hour" });
    expect(sum(hours, "reads")).toBe(3);
    expect(sum(await caller.audit.counts({ since: ago(9 * DAY), until: ago(8 * DAY) }), "events")).toBe(0);
  } finally {
    await house.moveClock("0 days");
  }
});

test("refusals that were counted for a minute weigh as many as they were", async () => {
  const { caller } = await house.tenant("refused");
  for (let i = 0; i < 23; i++) await codeOf(caller.secrets.reveal({ name: "NONE" }));
  await house.server.flush();
  const counts = await caller.audit.counts({ since: ago(HOUR), by: "hour" });
  expect(sum(counts, "refused")).toBe(23);
});

test("what is too much for one call is counted in several, and each event once", async () => {
  const { caller, id } = await house.tenant("many");
  for (let i = 0; i < 7; i++) await caller.secrets.create({ name: `K${i}`, value: "not a real value" });
  const range = { since: new Date(ago(HOUR)), until: new Date(ago(-HOUR)), by: "hour" } as const;
  const count = (below?: number, most?: number) =>
    withTenant(house.db, id, (tx) => countEvents(tx, id, { ...range, below }, most));
  const all = await count();
  expect([all.nextCursor, all.countedFrom]).toEqual([null, range.since.toISOString()]);
  let events = 0;
  let pages = 0;
  let page: Counts | undefined;
  do {
    const below = page && JSON.parse(Buffer.from(page.nextCursor!, "base64url").toString())[0];
    page = await count(below, 3);
    events += sum(page, "events");
    pages++;
  } while (page.nextCursor !== null);
  expect([events, page.countedFrom]).toEqual([sum(all, "events"), range.since.toISOString()]);
  expect(pages).toBeGreaterThan(2);
  expect(await codeOf(caller.audit.counts({ since: ago(HOUR), cursor: "nonsense" }))).toBe("bad_input");
});

test("a time that is empty, turned round or too long is refused", async () => {
  const { caller } = await house.tenant("unfit");
  expect(await codeOf(caller.audit.counts({ since: ago(-HOUR) }))).toBe("bad_input");
  expect(await codeOf(caller.audit.counts({ since: ago(0), until: ago(HOUR) }))).toBe("bad_input");
  expect(await codeOf(caller.audit.counts({ since: ago(1_001 * HOUR), by: "hour" }))).toBe("bad_input");
  expect(await codeOf(caller.audit.counts({ since: ago(990 * HOUR), by: "hour" }))).toBe("allowed");
});

test("events that are gone are not counted as none: from when on everything is counted is said", async () => {
  const { caller, id } = await house.tenant("pruned");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const since = ago(HOUR);
  await house.tamper(
    "UPDATE control_plane.audit_batches SET bodies = NULL WHERE chain_id = $1 AND number = 1",
    [id],
  );
  const counts = await caller.audit.counts({ since });
  expect(counts.countedFrom > since).toBe(true);
  expect(sum(counts, "events")).toBeGreaterThan(0);
});

test("bytes that were not written by Keyfold are an error with a name, and never a number", async () => {
  const { caller, id } = await house.tenant("broken");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  for (const bodies of [
    "\\x00",
    "\\x7fffffff00",
    "\\xffffffff00",
    "\\x00000000",
    "\\x0000000141",
    "\\x00000001ff",
  ]) {
    await house.tamper(
      "UPDATE control_plane.audit_batches SET bodies = $2::bytea WHERE chain_id = $1 AND number = 1",
      [id, bodies],
    );
    expect(await codeOf(caller.audit.counts({ since: ago(HOUR) })), bodies).toBe("integrity_failed");
  }
});
