import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inTurns } from "./in-turns.ts";

function recorder() {
  const told: string[] = [];
  return {
    told,
    write: (line: string) => void told.push(line),
    flushSync: () => void told.push("flushed"),
  };
}

test("the lines of one turn are handed on together, in their order, when it ends", async () => {
  const to = recorder();
  const lines = inTurns(to);
  lines.write("one\n");
  lines.write("two\n");
  expect(to.told).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  lines.write("three\n");
  await new Promise((resolve) => setImmediate(resolve));
  expect(to.told).toEqual(["one\ntwo\n", "three\n"]);
});

test("a flush hands on what waits before it flushes, and nothing twice", async () => {
  const to = recorder();
  const lines = inTurns(to);
  lines.write("one\n");
  lines.flushSync();
  await new Promise((resolve) => setImmediate(resolve));
  expect(to.told).toEqual(["one\n", "flushed"]);
});

test("no line is lost where a process ends in the turn that wrote it", () => {
  const here = fileURLToPath(new URL("./in-turns.ts", import.meta.url));
  const script = `
    import { pino } from "pino";
    import { inTurns } from ${JSON.stringify(here)};
    const to = inTurns(pino.destination({ fd: 2, sync: false }));
    process.on("exit", () => to.flushSync());
    for (let i = 100; i < 500; i++) to.write(\`line \${i}\\n\`);
    setImmediate(() => {
      for (let i = 500; i < 900; i++) to.write(\`line \${i}\\n\`);
      process.exit(3);
    });`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    encoding: "utf8",
  });
  expect(ended.status).toBe(3);
  // In whatever order: what was being written already is written beside what is flushed.
  expect(ended.stderr.split("\n").sort()).toEqual([
    "",
    ...Array.from({ length: 800 }, (_, i) => `line ${i + 100}`),
  ]);
});
