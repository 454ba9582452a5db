import { describe, expect, it } from "vitest";
import { consumersOf, effectOf, type Filter, filterRows, foldersOf, letters } from "./filter.ts";
import type { Cell, Row } from "./use-matrix.ts";

const cell = (same: number | null, more: Partial<Cell> = {}): Cell => ({
  id: "id",
  state: "live",
  version: 1,
  rotatedAt: null,
  trouble: null,
  readable: same !== null,
  same,
  ...more,
});
const row = (name: string, ...cells: (Cell | null)[]): Row => ({ name, tags: [], consumers: [], cells });
const rows = [
  row("SAME", cell(0), cell(0)),
  row("DIFFERS", cell(0), cell(1)),
  row("payments/MISSING", cell(0), null),
  row("payments/HIDDEN", cell(0), cell(null)),
  row("LATE", cell(0, { trouble: "overdue" }), cell(0)),
  {
    ...row("TAGGED", cell(0, { trouble: "expiring" }), cell(0)),
    tags: ["owner: web"],
    consumers: ["billing"],
  },
];
const show = (filter: Partial<Filter>) =>
  filterRows(rows, { search: "", show: "all", folder: null, tag: null, consumer: null, ...filter }).map(
    ({ name }) => name,
  );

describe("the overview's filters", () => {
  it.each([
    ["all", rows.map(({ name }) => name)],
    ["missing", ["payments/MISSING"]],
    ["differs", ["DIFFERS"]],
    ["same", ["SAME", "LATE", "TAGGED"]],
    ["rotation", ["LATE"]],
    ["ending", ["TAGGED"]],
    ["hidden", ["payments/HIDDEN"]],
  ] as const)("%s", (which, names) => expect(show({ show: which })).toEqual(names));

  it("a name by any part of it, a folder, a tag, a consumer", () => {
    expect(show({ search: "hid" })).toEqual(["payments/HIDDEN"]);
    expect(show({ folder: "payments", show: "missing" })).toEqual(["payments/MISSING"]);
    expect(show({ tag: "owner: web" })).toEqual(["TAGGED"]);
    expect(show({ consumer: "billing" })).toEqual(["TAGGED"]);
    expect(consumersOf(rows)).toEqual(["billing"]);
    expect(foldersOf(rows)).toEqual(["payments"]);
  });
});

it("a row's values get letters only where they differ, and none where it is not told", () => {
  expect(letters([cell(0), cell(0)])).toEqual([null, null]);
  expect(letters([cell(3), null, cell(1), cell(3)])).toEqual(["A", null, "B", "A"]);
  expect(letters([cell(0), cell(null)])).toEqual([null, null]);
});

it("promoting says before what it would do", () => {
  expect(effectOf(cell(0), null)).toBe("create");
  expect(effectOf(cell(0), cell(1))).toBe("replace");
  expect(effectOf(cell(0), cell(0))).toBe("same");
  expect(effectOf(null, cell(0))).toBe("missing");
  expect(effectOf(cell(null, { state: "empty" }), cell(0))).toBe("missing");
  expect(effectOf(cell(null), cell(0))).toBe("hidden");
});
