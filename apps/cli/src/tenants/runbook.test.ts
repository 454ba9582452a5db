import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Program, shellBlocks, typed } from "../testing/runbook.ts";

const operator = randomBytes(24).toString("hex");
let folder: string;
let program: Program;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-shred-"));
  database = await createTestDatabase();
  program = new Program(folder, database);
  await program.restart({
    KEYFOLD_BOOTSTRAP_TOKEN: operator,
    KEYFOLD_ROOT_KEY: randomBytes(32).toString("base64"),
    KEYFOLD_SHRED_WAIT_DAYS: "0",
  });
});
afterEach(async () => {
  await program.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("the runbook's commands, in its order and word for word, shred a tenant and verify its receipt", async () => {
  const { id, token: owner } = await program.furnish(operator);
  const publicKey = (await program.call("GET", "/audit/checkpoint?deployment=true", operator)).public_key!;
  const keyfold = (bearer: string, line: string) =>
    typed(line, { KEYFOLD_URL: program.url, KEYFOLD_TOKEN: bearer });

  const said: string[] = [];
  for (const [who, ...lines] of await shellBlocks("shred-a-tenant.md")) {
    const given = lines.map((line) =>
      line
        .replaceAll("TENANT_ID", id)
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
      const verb = line.split(" ")[3]!;
      const take = async () => {
        const answer = await keyfold(who === "# as an operator" ? operator : owner, line);
        expect(answer, line).toMatchObject({ exit: 0 });
      };
      // The server's own job may have come first, or be in the way, as any transaction is: it is tried again, as the page says.
      await (verb === "run" ? vi.waitFor(take, { timeout: 100_000, interval: 200 }) : take());
      said.push(verb);
    }
  }
  expect(said).toEqual(["request", "agree", "status", "run", "receipt", "verify", "openssl"]);
  expect((await keyfold(operator, `keyfold tenants shred status ${id}`)).out).toMatch(/: shredded on /);
  expect((await program.call("GET", "/reveal?name=K", owner)).code).toBe("unauthenticated");
  const changed = await keyfold(
    operator,
    `keyfold tenants shred verify ${folder}/acme.receipt --key ${publicKey}`,
  );
  expect(changed).toMatchObject({
    exit: 1,
    out: "",
    err: "This key did not sign it, it was changed, or it is no receipt.\n",
  });
}, 300_000);
