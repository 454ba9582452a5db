import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { Command as Program } from "commander";
import { expect, test } from "vitest";
import { sayingJson } from "./said.ts";
import { commandLine } from "./testing/command-line.ts";

test("every command that says something can say it as JSON", async () => {
  const { out } = await commandLine(["completion", "fish"]);
  const commands = new Set(
    [...out.matchAll(/-f -a (\S+) -d/g)]
      .map(([, name]) => name)
      .filter((name) => name !== "run" && name !== "completion"),
  );
  expect(commands.size).toBeGreaterThan(30);
  // Groups have no options of their own.
  const groups = ["consumers", "audit", "keys", "backup", "tenants", "shred", "operator"];
  for (const name of commands)
    if (!groups.includes(name!))
      expect([name, new RegExp(`'__keyfold_in(| .*) ${name}' -l json `).test(out)]).toEqual([name, true]);
});

test("a command without JSON of its own says its lines and exit code in one line, complaints apart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyfold-said-"));
  try {
    const argv = ["init", "--url", "http://127.0.0.1:4400", "--json"];
    const said = await commandLine(argv, { cwd: folder });
    expect(JSON.parse(said.out)).toEqual({
      exit: 0,
      said: [`Wrote ${join(folder, "keyfold.json")}. It holds no secret: commit it.`],
    });
    const again = await commandLine(argv, { cwd: folder });
    expect([JSON.parse(again.out), again.exit]).toEqual([{ exit: 1, said: [] }, 1]);
    expect(again.err).toContain("--force");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a command with JSON of its own keeps it", () => {
  const program: Command = new Program("x");
  const own = program.command("own").option("--json", "its own");
  sayingJson({ env: {}, out() {}, err() {}, isTerminal: false, columns: 80 }).offer(program);
  expect(own.options.map(({ description }) => description)).toEqual(["its own"]);
});
