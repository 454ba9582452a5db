import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, type Start, startProgram } from "@keyfold/api/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

const RUNBOOK = new URL("../../../../docs/runbooks/shred-a-tenant.md", import.meta.url);
const operator = randomBytes(24).toString("hex");
let folder: string;
let server: Start;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-shred-"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = startProgram(folder, {
    KEYFOLD_MODE: "production",
    KEYFOLD_EMBEDDED_DATABASE: "1",
    KEYFOLD_LOG_LEVEL: "silent",
    KEYFOLD_BOOTSTRAP_TOKEN: operator,
    KEYFOLD_ROOT_KEY: randomBytes(32).toString("base64"),
    KEYFOLD_PORT: port,
    KEYFOLD_SHRED_WAIT_DAYS: "0",
  });
  await server.ready();
});
afterEach(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
  await rm(folder, { recursive: true, force: true });
});

async function call(method: string, path: string, bearer: string, body?: object) {
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, string>;
}

/** A line's words, as a shell splits them. */
const words = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);

test("the runbook's commands, in its order and word for word, shred a tenant and verify its receipt", async () => {
  const { id } = await call("POST", "/tenants", operator, { slug: "acme" });
  const owner = (await call("POST", "/tokens", operator, { tenant: "acme", name: "t", preset: "admin" }))
    .token!;
  await call("PUT", "/secrets", owner, { name: "K", value: "not a real value" });
  const publicKey = (await call("GET", "/audit/checkpoint?deployment=true", operator)).public_key!;
  const keyfold = async (bearer: string, line: string) =>
    commandLine(words(line).slice(1), { env: { KEYFOLD_URL: url, KEYFOLD_TOKEN: bearer } });

  const said: string[] = [];
  const text = await readFile(RUNBOOK, "utf8");
  for (const [, block] of text.matchAll(/^```sh\n([\s\S]*?)^```/gm)) {
    const [who, ...lines] = block!.trim().split("\n");
    const given = lines.map((line) =>
      line
        .replaceAll("TENANT_ID", id!)
        .replaceAll("PUBLIC_KEY", publicKey)
        .replaceAll(" acme.receipt", ` ${folder}/acme.receipt`),
    );
    if (who === "# with no server and no Keyfold") {
      const shell = await promisify(execFile)("bash", ["-ec", given.join("\n")], { cwd: folder });
      expect(shell.stdout).toBe("Signature Verified Successfully\n");
      // Changed by one letter, it is refused.
      const receipt = await readFile(`${folder}/acme.receipt`, "utf8");
      await writeFile(`${folder}/acme.receipt`, receipt.replace("the contract ended", "the contract endet"));
      await expect(promisify(execFile)("bash", ["-ec", given.join("\n")], { cwd: folder })).rejects.toThrow();
      said.push("openssl");
      continue;
    }
    expect(["# as an operator", "# as the tenant's owner"]).toContain(who);
    for (const line of given) {
      const answer = await keyfold(who === "# as an operator" ? operator : owner, line);
      // The server's own job may have come first.
      expect(answer, line).toMatchObject({ exit: 0 });
      said.push(words(line)[3]!);
    }
  }
  expect(said).toEqual(["request", "agree", "status", "run", "receipt", "verify", "openssl"]);
  expect((await keyfold(operator, `keyfold tenants shred status ${id}`)).out).toMatch(/: shredded on /);
  expect((await call("GET", "/reveal?name=K", owner)).code).toBe("unauthenticated");
  const changed = await keyfold(
    operator,
    `keyfold tenants shred verify ${folder}/acme.receipt --key ${publicKey}`,
  );
  expect(changed).toMatchObject({
    exit: 1,
    out: "",
    err: "This key did not sign it, it was changed, or it is no receipt.\n",
  });
});
