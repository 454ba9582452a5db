import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const DOC = new URL("../../../docs/cli.md", import.meta.url);
const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

let served: Served;
let folder: string;
beforeAll(async () => {
  served = await serveHouse();
  folder = await mkdtemp(join(tmpdir(), "keyfold-docs-"));
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

test("the session in docs/cli.md goes word for word, times apart", async () => {
  const { caller } = await served.house.tenant("acme");
  const { token } = await caller.tokens.create({ name: "laptop", preset: "admin" });
  await mkdir(join(folder, ".git"));
  await mkdir(join(folder, "src"));
  await writeFile(join(folder, "src", "config.ts"), 'const key = "sk_test_not_a_real_key";\n');
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "keyfold"), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
  await chmod(join(folder, "bin", "keyfold"), 0o755);

  const session = /^```console\n([\s\S]*?)^```/m.exec(await readFile(DOC, "utf8"))![1]!;
  const steps = session.split(/^\$ /m).slice(1);
  expect(steps.length).toBeGreaterThan(12);
  await writeFile(join(folder, "token-file"), `${token}\n`);
  const env = {
    PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    XDG_CONFIG_HOME: join(folder, "config"),
    KEYFOLD_KEYRING: "off",
    ...(process.env.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } : {}),
  };
  const recorded: string[] = [];
  for (const step of steps) {
    const [line, ...expected] = step.trimEnd().split("\n");
    const typed = line!.replace("http://127.0.0.1:4400", served.url);
    const said = (await shell(typed, env))
      .trimEnd()
      .replaceAll(join(folder, "config"), "~/.config")
      .replaceAll(`${folder}/`, "")
      .replaceAll(served.url, "http://127.0.0.1:4400");
    recorded.push(`$ ${line}\n${said === "" ? "" : `${said}\n`}`);
    if (process.env.KEYFOLD_RECORD) continue;
    expect(timeless(said), line).toBe(timeless(expected.join("\n")));
  }
  // `KEYFOLD_RECORD=1` writes down anew what the lines say; without it they are compared.
  if (process.env.KEYFOLD_RECORD) {
    const text = await readFile(DOC, "utf8");
    await writeFile(
      DOC,
      text.replace(session, () => recorded.join("")),
    );
  }
});

/** Both streams as a terminal shows them. */
function shell(line: string, env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", `exec 2>&1; ${line}`], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more) => {
      text += more;
    });
    child.once("error", reject);
    child.once("close", () => resolve(text));
  });
}

const timeless = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "<minute>").replace(/\d{4}-\d\d-\d\d/g, "<day>");
