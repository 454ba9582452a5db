import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dueAfter, type Schedule, scheduleSchema } from "./schedule.ts";
import { isOpen, nextOpen, type Window } from "./window.ts";

const schedule = (given: object): Schedule => scheduleSchema.parse(given);
const due = (given: object, since: string) => dueAfter(schedule(given), new Date(since))?.toISOString();
const BERLIN = "Europe/Berlin";

test.each([7, 30, 90, 180, 365])("every %i days is so many days after the last rotation", (everyDays) => {
  const since = new Date("2026-03-28T12:34:56.789Z");
  const at = dueAfter(schedule({ everyDays, timeZone: BERLIN }), since)!;
  expect(at.getTime() - since.getTime()).toBe(everyDays * 86_400_000);
});

describe("a cron expression at a clock change", () => {
  test("a time that spring leaves out fires once, when the clock has moved", () => {
    const nightly = { cron: "30 2 * * *", timeZone: BERLIN };
    expect(due(nightly, "2026-03-28T01:30:00Z")).toBe("2026-03-29T01:00:00.000Z");
    expect(due(nightly, "2026-03-29T01:00:00Z")).toBe("2026-03-30T00:30:00.000Z");
  });

  test("a time that autumn has twice fires once, at the first", () => {
    const nightly = { cron: "30 2 * * *", timeZone: BERLIN };
    expect(due(nightly, "2026-10-24T00:30:00Z")).toBe("2026-10-25T00:30:00.000Z");
    expect(due(nightly, "2026-10-25T00:30:00Z")).toBe("2026-10-26T01:30:00.000Z");
  });

  test("midnight that does not exist, and a change of half an hour, are no exception", () => {
    expect(due({ cron: "30 0 * * *", timeZone: "America/Sao_Paulo" }, "2018-11-03T12:00:00Z")).toBe(
      "2018-11-04T03:00:00.000Z",
    );
    expect(due({ cron: "30 2 * * *", timeZone: "Australia/Lord_Howe" }, "2026-10-03T12:00:00Z")).toBe(
      "2026-10-03T15:30:00.000Z",
    );
  });

  test("a nightly one fires on every day of the year, once", () => {
    for (const timeZone of [BERLIN, "America/New_York", "America/Santiago", "Africa/Casablanca", "UTC"]) {
      let at = new Date("2026-01-01T12:00:00Z");
      const days = new Set<string>();
      for (let n = 0; n < 365; n++) {
        at = dueAfter(schedule({ cron: "30 2 * * *", timeZone }), at)!;
        days.add(new Intl.DateTimeFormat("en-CA", { timeZone }).format(at));
      }
      expect(days.size).toBe(365);
    }
  });
});

describe("a maintenance window", () => {
  const night = { from: "22:00", to: "04:00" };
  const withWindow = (window: object) => ({ everyDays: 7, timeZone: BERLIN, window });

  test("what falls into it stays, what falls outside waits for it", () => {
    expect(due(withWindow(night), "2026-05-01T21:00:00Z")).toBe("2026-05-08T21:00:00.000Z");
    expect(due(withWindow(night), "2026-05-01T10:00:00Z")).toBe("2026-05-08T20:00:00.000Z");
    expect(due(withWindow(night), "2026-05-02T01:59:00Z")).toBe("2026-05-09T01:59:00.000Z");
    expect(due(withWindow(night), "2026-05-02T02:00:00Z")).toBe("2026-05-09T20:00:00.000Z");
  });

  test("a night belongs to the day on which it begins", () => {
    const friday = withWindow({ ...night, days: ["fri"] });
    expect(due(friday, "2026-05-01T22:30:00Z")).toBe("2026-05-08T22:30:00.000Z"); // Saturday 00:30
    expect(due(friday, "2026-05-02T21:00:00Z")).toBe("2026-05-15T20:00:00.000Z"); // Saturday 23:00
  });

  test("one that spring leaves out opens on the next day that has it, and autumn's doubled one is open twice as long", () => {
    const early = { from: "02:00", to: "03:00" };
    expect(nextOpen(early, BERLIN, new Date("2026-03-28T23:00:00Z"))?.toISOString()).toBe(
      "2026-03-30T00:00:00.000Z",
    );
    for (const at of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"])
      expect(isOpen(early, BERLIN, new Date(at))).toBe(true);
  });

  test("its first minute is in it and its last is not", () => {
    const window = { from: "09:00", to: "17:00" };
    for (const [at, open] of [
      ["08:59:59.999", false],
      ["09:00:00.000", true],
      ["16:59:59.999", true],
      ["17:00:00.000", false],
    ] as const)
      expect(isOpen(window, "UTC", new Date(`2026-05-01T${at}Z`))).toBe(open);
  });

  test("the next opening is open, not before what was asked, and nothing before it is", () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const timeOf = (n: number) =>
      `${String(Math.floor(n / 60)).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}`;
    const days = fc.option(
      fc.subarray(["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const, { minLength: 1 }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        minute,
        minute,
        days,
        fc.constantFrom(BERLIN, "UTC", "America/St_Johns", "Asia/Kathmandu"),
        fc.integer({ min: Date.parse("2026-01-01"), max: Date.parse("2028-01-01") }),
        (from, to, days, timeZone, ms) => {
          fc.pre(from !== to);
          const window: Window = { from: timeOf(from), to: timeOf(to), ...(days ? { days: [...days] } : {}) };
          const at = new Date(ms);
          const next = nextOpen(window, timeZone, at)!;
          expect(isOpen(window, timeZone, next)).toBe(true);
          expect(next.getTime()).toBeGreaterThanOrEqual(at.getTime());
          const step = Math.max(60_000, Math.floor((next.getTime() - at.getTime()) / 40));
          for (let t = at.getTime(); t < next.getTime(); t += step)
            expect(isOpen(window, timeZone, new Date(t))).toBe(false);
        },
      ),
    );
  });
});

test("what is due is always later than what it is counted from", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        { everyDays: 7 },
        { cron: "0 3 * * 1" },
        { cron: "*/5 * * * *" },
        { cron: "@monthly" },
        { cron: "0 0 29 2 *" },
        { everyDays: 30, window: { from: "01:00", to: "02:00", days: ["sun"] } },
        { cron: "0 12 * * *", window: { from: "23:00", to: "01:00" } },
      ),
      fc.constantFrom("UTC", BERLIN, "America/New_York"),
      fc.date({ min: new Date("2026-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
      (given, timeZone, since) => {
        const at = dueAfter(schedule({ ...given, timeZone }), since)!;
        expect(at.getTime()).toBeGreaterThan(since.getTime());
      },
    ),
  );
});

const messages = (given: unknown) =>
  scheduleSchema.safeParse(given).error?.issues.map(({ path, message }) => [path.join("."), message]);

test.each<[object, string, string]>([
  [{}, "", "give either everyDays or cron"],
  [{ everyDays: 7, cron: "0 3 * * *" }, "", "give either everyDays or cron"],
  [{ cron: "0 0 30 2 *" }, "cron", "this expression never fires: no such day comes"],
  [{ cron: "0 0 31 4,6,9,11 *" }, "cron", "this expression never fires: no such day comes"],
  [{ cron: "nonsense" }, "cron", "a cron expression of five fields, such as 0 3 1 * *"],
  [{ cron: "" }, "cron", "a cron expression of five fields, such as 0 3 1 * *"],
  [{ cron: "* * * * * *" }, "cron", "a cron expression of five fields, such as 0 3 1 * *"],
  [{ cron: "60 3 * * *" }, "cron", "a cron expression of five fields, such as 0 3 1 * *"],
  [{ cron: "0 24 * * *" }, "cron", "a cron expression of five fields, such as 0 3 1 * *"],
  [{ cron: "@reboot" }, "cron", "a cron expression of five fields, such as 0 3 1 * *"],
  [
    { everyDays: 7, timeZone: "Mars/Olympus" },
    "timeZone",
    "a time zone of the IANA database, such as Europe/Berlin",
  ],
  [
    { everyDays: 7, timeZone: "+02:00" },
    "timeZone",
    "a time zone of the IANA database, such as Europe/Berlin",
  ],
  [{ everyDays: 7, timeZone: "" }, "timeZone", "a time zone of the IANA database, such as Europe/Berlin"],
  [
    { everyDays: 7, window: { from: "03:00", to: "03:00" } },
    "window",
    "a window of no length never opens: give it another end",
  ],
  [{ everyDays: 7, window: { from: "3:00", to: "24:00" } }, "window.from", "a time of day is HH:MM"],
])("a schedule that cannot be kept is refused in words: %j", (given, path, message) => {
  expect(messages(given)).toContainEqual([path, message]);
});

test.each([
  { everyDays: 1 },
  { everyDays: 0 },
  { everyDays: -7 },
  { everyDays: 7.5 },
  { everyDays: "7" },
  null,
  7,
])("a schedule of another kind is refused: %j", (given) => {
  expect(scheduleSchema.safeParse(given).success).toBe(false);
});
