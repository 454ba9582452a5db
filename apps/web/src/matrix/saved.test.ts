import { expect, test } from "vitest";
import { isFiltered, isSame, MOST_VIEWS, viewsIn, without, withView } from "./saved.ts";

test("what a browser kept comes back, and what is no view is none", () => {
  const views = withView(withView([], "Missing", { show: "missing" }), "Billing", { folder: "billing" });
  expect(viewsIn(JSON.stringify(views))).toEqual([
    { name: "Billing", view: { folder: "billing" } },
    { name: "Missing", view: { show: "missing" } },
  ]);
  for (const odd of [
    null,
    "",
    "{",
    "null",
    "{}",
    '"x"',
    "[null]",
    '[{"name": 1, "view": {}}]',
    '[{"name": ""}]',
  ])
    expect(viewsIn(odd), String(odd)).toEqual([]);
  // Nothing but filters is kept or brought back, whatever somebody wrote there.
  expect(
    viewsIn(
      '[{"name": "x", "view": {"show": "missing", "search": "sk_", "tag": 7, "__proto__": {"a": "b"}}}]',
    ),
  ).toEqual([{ name: "x", view: { show: "missing" } }]);
  const many = Array.from({ length: 50 }, (_, i) => ({ name: `v${i}`, view: {} }));
  expect(viewsIn(JSON.stringify(many))).toHaveLength(MOST_VIEWS);
});

test("a name stands for one view; the same filters are known again", () => {
  const views = withView(withView([], "Mine", { show: "missing" }), "Mine", {
    show: "differs",
    project: "shop",
  });
  expect(views).toEqual([{ name: "Mine", view: { show: "differs", project: "shop" } }]);
  expect(isSame(views[0]!.view, { project: "shop", show: "differs" })).toBe(true);
  expect(isSame(views[0]!.view, { project: "shop" })).toBe(false);
  expect(without(views, "Mine")).toEqual([]);
  expect([isFiltered({ project: "shop" }), isFiltered({ project: "shop", tag: "x" })]).toEqual([false, true]);
});
