import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgeVM } from "@edge-runtime/vm";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

const TEXT = "späte Grüße 🔑, not real";
const FOUND = { text: TEXT, bytes: [0, 255, 128], missing: true, kept: TEXT };
const require = createRequire(import.meta.url);
const packageOf = (name: string) => dirname(require.resolve(`${name}/package.json`));

let folder: string;
let served: Served;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-runtimes-"));
  served = await serveHouse();
  // As an application would ship it: one file, with nothing left to resolve.
  await Promise.all([bundle("main", "es"), bundle("smoke", "iife")]);
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

async function bundle(name: string, format: "es" | "iife"): Promise<void> {
  const entry = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  await build({
    configFile: false,
    logLevel: "silent",
    build: {
      lib: { entry, formats: [format], name, fileName: () => `${name}.js` },
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: { external: [/^node:/], platform: format === "es" ? "node" : "browser" },
    },
  });
}

async function settings() {
  const { token } = await served.house.tenant(`runtime-${++count}`);
  return { url: served.url, token };
}

async function run(program: string, args: readonly string[]): Promise<unknown> {
  const { url, token } = await settings();
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NO_COLOR: "1",
    KEYFOLD_URL: url,
    KEYFOLD_TOKEN: token,
    DIRECTORY: join(folder, `kept-${count}`),
  };
  const out = await new Promise<string>((resolve, reject) => {
    execFile(program, [...args, join(folder, "main.js")], { cwd: folder, env }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${program} failed:\n${stderr}`)),
    );
  });
  return JSON.parse(out);
}

test("the client runs on Node, in one bundle", async () => {
  expect(await run(process.execPath, [])).toEqual({ ...FOUND, fromFile: TEXT });
});

test("the client runs on Bun", async () => {
  expect(await run(join(packageOf("bun"), "bin", "bun.exe"), ["run"])).toEqual({ ...FOUND, fromFile: TEXT });
});

test("the client runs on Deno, allowed no more than it needs", async () => {
  const allowed = [
    `--allow-net=${new URL(served.url).host}`,
    "--allow-env=KEYFOLD_URL,KEYFOLD_TOKEN,DIRECTORY",
    `--allow-read=${folder},/etc/machine-id`,
    `--allow-write=${folder}`,
    "--allow-sys=hostname",
  ];
  expect(
    await run(join(packageOf("deno"), "deno"), ["run", "--no-prompt", "--no-config", ...allowed]),
  ).toEqual({
    ...FOUND,
    fromFile: TEXT,
  });
});

test("the client runs on an edge runtime, which has fetch and WebCrypto and nothing of Node's", async () => {
  const code = await readFile(join(folder, "smoke.js"), "utf8");
  const vm = new EdgeVM();
  vm.evaluate(code);
  vm.context.settings = await settings();
  const found = await vm.evaluate("(smoke.smoke ?? smoke)(settings).then((found) => JSON.stringify(found))");
  expect(JSON.parse(found)).toEqual(FOUND);
});
