// The REST API under Schemathesis (https://schemathesis.readthedocs.io): `node apps/api/src/testing/fuzz-rest.ts [PROGRAM [OPTION …]]`.
// What it may find stands in apps/api/schemathesis.toml, each with its reason; anything else ends this with 1.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@keyfold/db/testing";
import { startProgram } from "./child.ts";

const config = fileURLToPath(new URL("../../schemathesis.toml", import.meta.url));
const [program = "schemathesis", ...options] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "keyfold-fuzz-"));
const port = await freePort();
const operator = randomBytes(24).toString("hex");
const url = `http://127.0.0.1:${port}`;
const server = startProgram(folder, {
  KEYFOLD_DATA_DIR: join(folder, "data"),
  KEYFOLD_PORT: port,
  KEYFOLD_BOOTSTRAP_TOKEN: operator,
  KEYFOLD_LOG_LEVEL: "silent",
});
let exit = 1;
try {
  await server.ready();
  await call("/tenants", { slug: "acme" });
  const { token = "" } = await call("/tokens", { tenant: "acme", name: "fuzz", preset: "admin" });
  exit = await new Promise<number>((resolve, reject) => {
    const child = spawn(program, ["--config-file", config, "run", `${url}/api/openapi.json`, ...options], {
      cwd: folder,
      stdio: "inherit",
      env: { ...process.env, KEYFOLD_FUZZ_TOKEN: token, PYTHONIOENCODING: "utf-8" },
    });
    child.once("error", () =>
      reject(new Error("Schemathesis is not there. Install it: pip install schemathesis==4.32.5")),
    );
    child.once("close", (code) => resolve(code ?? 1));
  });
} finally {
  server.process.kill("SIGTERM");
  await server.ended;
  await rm(folder, { recursive: true, force: true });
}
process.exit(exit);

async function call(path: string, body: object): Promise<{ token?: string }> {
  const answer = await fetch(`${url}/api${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${operator}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { token?: string };
}
