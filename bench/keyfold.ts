import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARGUMENTS, ENVIRONMENT } from "../scripts/as-started.ts";

const here = dirname(fileURLToPath(import.meta.url));
export const VALUE = "sk_test_not_a_real_key_0123456789abcdef";

const root = join(here, "..");

/** The API as it is started by anyone, in a process of its own, with a tenant and a hundred secrets. */
export async function startKeyfold(settings: Readonly<Record<string, string>> = {}): Promise<{
  url: string;
  operator: string;
  /** Of the tenant "bench", which has a hundred secrets. */
  token: string;
  pid: number;
  stop(): Promise<void>;
}> {
  const dataDir = await mkdtemp(join(tmpdir(), "keyfold-bench-"));
  const port = 4600 + Math.floor(Math.random() * 300);
  const operator = randomBytes(24).toString("hex");
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-b", "apps/api"], { cwd: root });
  const child = spawn(process.execPath, ARGUMENTS, {
    // Its log goes to a pipe that is read and thrown away, as a log collector's would be read.
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...ENVIRONMENT,
      ...process.env,
      KEYFOLD_DATA_DIR: dataDir,
      KEYFOLD_PORT: String(port),
      KEYFOLD_BOOTSTRAP_TOKEN: operator,
      ...settings,
    },
  });
  child.stdout.resume();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error("the API ended before it was ready");
    const ready = await fetch(`${url}/readyz`).then(
      (r) => r.ok,
      () => false,
    );
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const call = async (method: string, path: string, token: string, body: object) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };
  await call("POST", "/api/tenants", operator, { slug: "bench" });
  const { token } = (await call("POST", "/api/tokens", operator, {
    tenant: "bench",
    name: "bench",
    preset: "admin",
  })) as { token: string };
  const items = Array.from({ length: 100 }, (_, i) => ({
    name: `KEY_${String(i).padStart(3, "0")}`,
    value: VALUE,
  }));
  await call("PUT", "/api/secrets/bulk", token, { items });
  return {
    url,
    operator,
    token,
    pid: child.pid!,
    async stop() {
      child.kill("SIGTERM");
      await gone;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
