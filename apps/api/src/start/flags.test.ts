import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const textOf = (path: string) => readFile(new URL(`../../../../${path}`, import.meta.url), "utf8");

test("the unit in docs/deploy.md starts the API as pnpm start does", async () => {
  const flags = [...(await textOf("scripts/as-started.ts")).matchAll(/^ {2}"(--[a-z=0-9-]+)",$/gm)].map(
    ([, flag]) => flag!,
  );
  const [, command = ""] = /^ExecStart=(.*)$/m.exec(await textOf("docs/deploy.md")) ?? [];
  expect(flags.length).toBeGreaterThan(3);
  expect(
    command
      .split(" ")
      .filter((word) => word.startsWith("--"))
      .sort(),
  ).toEqual(flags.sort());
});
