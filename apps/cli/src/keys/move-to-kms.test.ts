import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Start, startProgram } from "@keyfold/api/testing";
import { type Moto, startMoto } from "@keyfold/providers/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

/*
 * The runbook, typed against the real program and moto, which speaks the protocol of AWS KMS. The one line that is typed
 * to AWS's own command line is asked of moto by the API call that it makes.
 */

const RUNBOOK = new URL("../../../../docs/runbooks/move-to-kms.md", import.meta.url);
const token = randomBytes(24).toString("hex");
let folder: string;
let moto: Moto | undefined;
let missing: string | undefined;
let server: Start | undefined;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-to-kms-"));
  try {
    moto = await startMoto();
  } catch (error) {
    missing = `moto cannot be had here: ${error instanceof Error ? error.message.split("\n")[0] : "?"}`;
    if (process.env.CI) throw new Error(missing);
  }
}, 300_000);
afterAll(async () => {
  await stop();
  await moto?.close();
  await rm(folder, { recursive: true, force: true });
});

async function stop(): Promise<void> {
  server?.process.kill("SIGTERM");
  await server?.ended;
  server = undefined;
}

async function restart(rootKeys: Record<string, string>): Promise<void> {
  await stop();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = startProgram(folder, {
    KEYFOLD_MODE: "production",
    KEYFOLD_EMBEDDED_DATABASE: "1",
    KEYFOLD_LOG_LEVEL: "silent",
    KEYFOLD_BOOTSTRAP_TOKEN: token,
    KEYFOLD_PORT: port,
    // Where the AWS SDK looks by itself.
    AWS_ENDPOINT_URL_KMS: moto!.url,
    AWS_ACCESS_KEY_ID: "AKIANOTAREALKEY",
    AWS_SECRET_ACCESS_KEY: "not-a-real-secret-access-key",
    ...rootKeys,
  });
  await server.ready();
}

/** What `aws kms create-key` does and prints. */
async function createKey(): Promise<string> {
  const answer = await fetch(moto!.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "TrentService.CreateKey",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIANOTAREALKEY/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ Description: "keyfold-root-key" }),
  });
  return ((await answer.json()) as { KeyMetadata: { Arn: string } }).KeyMetadata.Arn;
}

async function call(method: string, path: string, bearer: string, body?: object) {
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, string>;
}

const keyfold = (line: string) =>
  commandLine(line.split(" ").slice(1), { env: { KEYFOLD_URL: url, KEYFOLD_TOKEN: token } });

test("the runbook's commands and settings, in its order and word for word, move the root key to AWS KMS", async (context) => {
  if (missing !== undefined) return context.skip(missing);
  const old = (await keyfold(`keyfold keys generate --file ${folder}/root-key`)).out.trim();
  await restart({ KEYFOLD_ROOT_KEY_FILE: `${folder}/root-key` });
  await call("POST", "/tenants", token, { slug: "acme" });
  const reader = (await call("POST", "/tokens", token, { tenant: "acme", name: "t", preset: "admin" }))
    .token!;
  await call("PUT", "/secrets", reader, { name: "K", value: "not a real value" });

  let arn = "";
  const done: string[] = [];
  const text = await readFile(RUNBOOK, "utf8");
  for (const [, block] of text.matchAll(/^```sh\n([\s\S]*?)^```/gm)) {
    const lines = block!
      .trim()
      .split("\n")
      .map((line) =>
        line
          .replaceAll("/etc/keyfold", folder)
          .replaceAll("local:OLD_FINGERPRINT", old)
          .replaceAll("KEY_ARN", arn),
      );
    const settings = lines.filter((line) => /^KEYFOLD_\w+=/.test(line));
    if (settings.length > 0) {
      await restart(Object.fromEntries(settings.map((line) => line.split("=") as [string, string])));
      done.push(`restart with ${settings.length}`);
    }
    for (const line of lines) {
      if (line.startsWith("aws kms create-key --region eu-central-1 ")) {
        arn = await createKey();
        done.push("create-key");
      } else if (line.startsWith("keyfold ")) {
        expect(await keyfold(line), line).toMatchObject({ exit: 0 });
        done.push(line.split(" ")[2]!);
      }
    }
    expect((await call("GET", "/reveal?name=K", reader)).value).toBe("not a real value");
  }
  expect(done).toEqual([
    "create-key",
    "status",
    "restart with 2",
    "restart with 2",
    "rotate",
    "verify",
    "retire",
    "restart with 1",
    "status",
  ]);
  const { out } = await keyfold("keyfold keys status");
  expect(out).toMatch(new RegExp(`^aws-kms:${arn} .*current$`, "m"));
  expect(out).toMatch(new RegExp(`^${old} .* retired`, "m"));
  // And it goes on: a new tenant's keys, made and opened by KMS.
  await call("POST", "/tenants", token, { slug: "globex" });
  const next = (await call("POST", "/tokens", token, { tenant: "globex", name: "t", preset: "admin" }))
    .token!;
  await call("PUT", "/secrets", next, { name: "K", value: "not a real value either" });
  expect((await call("GET", "/reveal?name=K", next)).value).toBe("not a real value either");
});
