import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { type Moto, startMoto } from "@keyfold/providers/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Program, shellBlocks, typed } from "../testing/runbook.ts";

/*
 * The runbook, typed against the real program and moto, which speaks the protocol of AWS KMS. The one line that is typed
 * to AWS's own command line is asked of moto by the API call that it makes.
 */

const token = randomBytes(24).toString("hex");
let folder: string;
let moto: Moto | undefined;
let missing: string | undefined;
let program: Program;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-to-kms-"));
  database = await createTestDatabase();
  program = new Program(folder, database);
  try {
    moto = await startMoto();
  } catch (error) {
    missing = `moto cannot be had here: ${error instanceof Error ? error.message.split("\n")[0] : "?"}`;
    if (process.env.CI) throw new Error(missing);
  }
}, 600_000);
afterAll(async () => {
  await program.stop();
  await moto?.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const restart = (rootKeys: Record<string, string>): Promise<void> =>
  program.restart({
    KEYFOLD_BOOTSTRAP_TOKEN: token,
    // Where the AWS SDK looks by itself.
    AWS_ENDPOINT_URL_KMS: moto!.url,
    AWS_ACCESS_KEY_ID: "AKIANOTAREALKEY",
    AWS_SECRET_ACCESS_KEY: "not-a-real-secret-access-key",
    ...rootKeys,
  });

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

const keyfold = (line: string) => typed(line, { KEYFOLD_URL: program.url, KEYFOLD_TOKEN: token });

test("the runbook's commands and settings, in its order and word for word, move the root key to AWS KMS", async (context) => {
  if (missing !== undefined) return context.skip(missing);
  const old = (await keyfold(`keyfold keys generate --file ${folder}/root-key`)).out.trim();
  await restart({ KEYFOLD_ROOT_KEY_FILE: `${folder}/root-key` });
  const { token: reader } = await program.furnish(token);

  let arn = "";
  const done: string[] = [];
  for (const block of await shellBlocks("move-to-kms.md")) {
    const lines = block.map((line) =>
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
    expect((await program.call("GET", "/reveal?name=K", reader)).value).toBe("not a real value");
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
  await program.call("POST", "/tenants", token, { slug: "globex" });
  const next = (
    await program.call("POST", "/tokens", token, { tenant: "globex", name: "t", preset: "admin" })
  ).token!;
  await program.call("PUT", "/secrets", next, { name: "K", value: "not a real value either" });
  expect((await program.call("GET", "/reveal?name=K", next)).value).toBe("not a real value either");
}, 600_000);
