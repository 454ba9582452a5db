import { randomUUID } from "node:crypto";
import { SecretKey } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeOf, type House, openHouse } from "../testing/index.ts";
import { Journal, type JournalLine, journalKey, sealLine } from "./journal.ts";
import { readJournal } from "./read.ts";

const integrity = SecretKey.generate();
const key = journalKey(integrity);
let written: string;
let full: boolean;
let errors: string[];
let journal: Journal;
beforeEach(() => {
  [written, full, errors] = ["", false, []];
  journal = new Journal({
    integrity,
    sink: {
      async append(lines) {
        if (full) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        written += lines;
      },
    },
    log: { warn() {}, error: (_facts, message) => void errors.push(message) },
    clock: () => new Date("2026-03-01T10:00:00.000Z"),
  });
});

const refusal = (action = "token.revoked") => ({
  chain: randomUUID(),
  batch: randomUUID(),
  action,
  target: { type: "token" as const, id: randomUUID(), name: "a name that no line holds" },
});

test("what was noted is read again, in its order, and only what a restore must do again is noted", async () => {
  const [one, two] = [refusal(), refusal("version.destroyed")];
  await journal.note([one, refusal("secret.accessed")]);
  await journal.note([two]);
  const { lines, passedOver } = readJournal(key, written);
  expect(passedOver).toBe(0);
  expect(lines.map(({ n, batch, action, target }) => [n, batch, action, target.id])).toEqual([
    [1, one.batch, "token.revoked", one.target.id],
    [2, two.batch, "version.destroyed", two.target.id],
  ]);
  expect(written).not.toContain("a name that no line holds");
});

test("a full disk is told, and nothing of it is lost while the process lives", async () => {
  full = true;
  await journal.note([refusal()]);
  await journal.note([refusal()]);
  expect(errors).toHaveLength(2);
  full = false;
  await journal.note([refusal()]);
  expect(readJournal(key, written).lines.map(({ n }) => n)).toEqual([1, 2, 3]);
});

test("a line of another key, edited, cut or made up counts for nothing", async () => {
  await journal.note([refusal()]);
  const line = written.trim();
  const body = line.slice(65);
  for (const bad of [
    line.replace('"n":1', '"n":2'),
    line.slice(0, -5),
    body,
    `${"0".repeat(64)} ${body}`,
    sealLine(journalKey(SecretKey.generate()), JSON.parse(body)).trim(),
  ])
    expect(readJournal(key, `${bad}\n`), bad).toEqual({ lines: [], passedOver: 1 });
});

test("a line that is missing between others, and one of a newer release, stop the reading", async () => {
  await journal.note([refusal(), refusal(), refusal()]);
  const [one, two, three] = written.trim().split("\n") as [string, string, string];
  expect(readJournal(key, [one, two].join("\n")).lines).toHaveLength(2); // its end is cut off: that cannot be known
  expect(readJournal(key, [one, two, two, three].join("\n")).lines).toHaveLength(3);
  for (const text of [
    [one, three],
    [two, three],
    [one, three, two],
  ])
    expect(() => readJournal(key, text.join("\n"))).toThrow(
      expect.objectContaining({ code: "integrity_failed" }),
    );
  const newer = { ...JSON.parse(one.slice(65)), action: "something.new" } as JournalLine;
  expect(() => readJournal(key, sealLine(key, newer))).toThrow(
    expect.objectContaining({ code: "integrity_failed" }),
  );
});

let house: House | undefined;
afterEach(async () => {
  await house?.close();
  house = undefined;
});

test("a revocation is in the journal before its caller is answered, and stands where it could not be", async () => {
  let lines = "";
  let refuses = false;
  house = await openHouse({
    journal: {
      async append(more) {
        if (refuses) throw new Error("the mount is gone");
        lines += more;
      },
    },
  });
  const { caller } = await house.tenant("acme");
  const doomed = await caller.tokens.create({ name: "doomed" });
  await caller.tokens.revoke({ id: doomed.details.id });
  expect(lines).toContain(doomed.details.id);
  const next = await caller.tokens.create({ name: "next" });
  refuses = true;
  expect(await codeOf(caller.tokens.revoke({ id: next.details.id }))).toBe("allowed");
  expect(house.logged.join()).toContain("a restore would not know of it");
  expect(await codeOf(house.as(next.token).secrets.list({}))).toBe("unauthenticated");
  // One that was undone is not in it.
  refuses = false;
  const before = lines;
  await codeOf(caller.tokens.revoke({ id: doomed.details.id }));
  expect(lines.replace(before, "")).not.toContain(doomed.details.id);
});
