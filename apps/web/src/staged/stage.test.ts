import { expect, it } from "vitest";
import { type Change, review, stage, toSave } from "./stage.ts";

const set = (name: string, value = "v"): Change => ({ name, what: "set", value });
const versions = new Map<string, number | null>([
  ["THERE", 3],
  ["SAME", 1],
  ["EMPTY", null],
]);
const checked = new Map([["SAME", { unchanged: true, equals: [] }]]);

it("changes are added, changed, unchanged or removed, and what is unchanged or kept is not saved", () => {
  const reviewed = review(
    [set("NEW"), set("THERE"), set("SAME"), set("EMPTY"), { name: "OLD", what: "remove" }],
    versions,
    checked,
    new Set(["THERE"]),
  );
  expect(reviewed.map(({ change, kind, version }) => [change.name, kind, version])).toEqual([
    ["EMPTY", "changed", null],
    ["NEW", "added", null],
    ["OLD", "removed", null],
    ["SAME", "unchanged", 1],
    ["THERE", "changed", 3],
  ]);
  expect(toSave(reviewed).map(({ change }) => change.name)).toEqual(["EMPTY", "NEW", "OLD"]);
});

it("a later change of a name takes the place of an earlier one", () => {
  expect(stage([set("A", "1"), set("B", "1")], [set("A", "2"), { name: "B", what: "remove" }])).toEqual([
    set("A", "2"),
    { name: "B", what: "remove" },
  ]);
});
