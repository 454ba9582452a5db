import { expect, test } from "vitest";
import { importLine } from "./progress.ts";

test("reading counts, writing and comparing have a bar, and neither reaches the terminal's last column", () => {
  expect(importLine("reading", 500, null, 80).trimEnd()).toBe("reading 500 secrets");
  expect(importLine("writing", 500, 1000, 80).trimEnd()).toBe(
    "writing [###############---------------] 500/1000 secrets",
  );
  for (let columns = 1; columns < 100; columns++)
    expect(importLine("verifying", 1, 0, columns)).toHaveLength(columns - 1);
});
