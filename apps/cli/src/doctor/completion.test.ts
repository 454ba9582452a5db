import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";
import { needs } from "../testing/needs.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-completion-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const script = async (shell: string) => (await commandLine(["completion", shell])).out;
const env = () => ({ PATH: process.env.PATH, HOME: folder, ZDOTDIR: folder, TERM: "xterm" });
const output = async (command: string, ...argv: string[]) =>
  (await promisify(execFile)(command, argv, { env: env(), timeout: 60_000, killSignal: "SIGKILL" })).stdout;

test("bash completes commands and options from the printed script", async () => {
  const printed = await script("bash");
  const complete = async (...words: string[]) => {
    const ask = `${printed}\nCOMP_WORDS=(keyfold ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _keyfold; echo "\${COMPREPLY[*]}"`;
    return (await output("bash", "-c", ask)).trim().split(" ");
  };
  expect(await complete("rot")).toEqual(["rotate"]);
  expect(await complete("keys", "")).toContain("status");
  expect(await complete("run", "--re")).toEqual(["--redact"]);
  // One command's name begins with another's.
  expect(await complete("keys", "rotate", "--t")).toEqual(["--to"]);
  expect(await complete("keys", "rotate-tenant", "--t")).toEqual([""]);
});

/** What stands in each line of an interactive zsh when Tab was pressed at its end. */
async function tab(lines: readonly string[]): Promise<string[]> {
  const asking = `
zmodload zsh/zpty
zpty shell zsh -d -i
zpty -r shell said '*READY*'
for line in ${lines.map((line) => JSON.stringify(line)).join(" ")}; do
  zpty -w -n shell "$line"$'\\t\\C-xs'
  zpty -r shell said '*>>*'
  print -r -- "\${\${said##*<<}%%>>*}"
done`;
  const said = await output("zsh", "-fc", asking);
  return said
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());
}

test("zsh completes a line with Tab, by the printed script among its functions", async (context) => {
  needs(context, "zsh");
  await writeFile(join(folder, "_keyfold"), await script("zsh"));
  await writeFile(
    join(folder, ".zshrc"),
    `fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D
say() { print -r -- "<""<$BUFFER>"">"; BUFFER=""; }
zle -N say; bindkey '^Xs' say
print -r -- "READ""Y"
`,
  );
  const typed = ["keyfold rot", "keyfold keys stat", "keyfold run --re", "keyfold keys rotate --t"];
  expect(await tab(typed)).toEqual([
    "keyfold rotate",
    "keyfold keys status",
    "keyfold run --redact",
    "keyfold keys rotate --to",
  ]);
});

test("fish completes commands and options from the printed script, with what each is for", async (context) => {
  needs(context, "fish");
  await writeFile(join(folder, "keyfold.fish"), await script("fish"));
  const complete = async (line: string) =>
    (await output("fish", "--no-config", "-c", `source ${folder}/keyfold.fish; complete -C '${line}'`))
      .trimEnd()
      .split("\n")
      .map((found) => found.split("\t"));
  expect(await complete("keyfold rot")).toEqual([["rotate", expect.stringMatching(/\w/)]]);
  expect((await complete("keyfold keys ")).map(([word]) => word)).toContain("status");
  expect(await complete("keyfold run --re")).toEqual([["--redact", "mask the secrets in what it prints"]]);
  expect((await complete("keyfold keys rotate --t")).map(([word]) => word)).toEqual(["--to"]);
  expect((await complete("keyfold keys rotate-tenant --t")).map(([word]) => word)).toEqual([""]);
  expect((await complete("keyfold rotate -")).map(([word]) => word)).toContain("--grace");
  expect((await complete("keyfold keys rotate --")).map(([word]) => word)).not.toContain("--grace");
});

test("a shell that there is no script for is refused", async () => {
  expect((await commandLine(["completion", "tcsh"])).exit).toBe(2);
});
