import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { serveHouse } from "@keyfold/api/testing";
import { createKeyfold } from "@keyfold/client";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installOutside, pack, packCli } from "./outsider.ts";
import { pnpm, run } from "./run.ts";

let folder: string;
const tarballs: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-packed-"));
  // One after the other: each builds what it packs, and what that depends on.
  for (const name of ["envelope", "ledger", "db", "rotators", "secrets", "client"])
    tarballs[name] = await pack(name, folder);
  // Builds and installs, on a machine that may be busy.
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const tsc = (cwd: string) => run(process.execPath, ["node_modules/typescript/bin/tsc"], { cwd });

test("the sibling service runs on the packed client alone, with its types", {
  timeout: 240_000,
}, async () => {
  const cwd = join(folder, "sibling");
  const { client } = tarballs;
  await installOutside({
    folder: cwd,
    example: "sibling-service",
    tarballs: { client: client! },
    files: ["types.ts"],
  });
  expect(await readdir(join(cwd, "node_modules/@keyfold"))).toEqual(["client"]);
  expect(
    (await readdir(join(cwd, "node_modules/.pnpm"))).filter((name) => /prisma|postgres/.test(name)),
  ).toEqual([]);
  await tsc(cwd);

  const { url, house, close } = await serveHouse();
  try {
    const { token } = await house.tenant("packed");
    const secret = `whsec_${Buffer.from("not a real key").toString("base64")}`;
    const values = { WEBHOOK_SIGNING_SECRET: secret, WEBHOOK_TOLERANCE_SECONDS: "300" };
    await createKeyfold({ url, token }).tenant("packed").setMany(values);
    const env = { KEYFOLD_URL: url, KEYFOLD_TOKEN: token, KEYFOLD_TENANT: "packed", PORT: "0" };
    const service = spawn(process.execPath, ["main.ts"], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = await once(createInterface(service.stdout), "line");
      const address = /http:\S+/.exec(line)![0];
      const response = await fetch(`${address}/deliveries`, { method: "POST", body: "{}" });
      expect(await response.json()).toMatchObject({
        body: "{}",
        headers: { "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/) },
      });
    } finally {
      service.kill();
      await once(service, "exit");
    }
  } finally {
    await close();
  }
});

test("the host app runs on the packed server packages and their migrations, with its types", {
  timeout: 240_000,
}, async () => {
  const cwd = join(folder, "host");
  const { client: _, ...server } = tarballs;
  await installOutside({ folder: cwd, example: "in-process", tarballs: server, files: ["charge.ts"] });
  await tsc(cwd);
  const database = await createTestDatabase();
  try {
    await emptied(database);
    const env = {
      OWNER_URL: database.ownerUrl,
      APP_URL: database.url,
      APP_ROLE: decodeURIComponent(new URL(database.url).username),
    };
    const printed = await run(process.execPath, ["charge.ts"], { cwd, env });
    expect(JSON.parse(printed)).toEqual({
      migrated: true,
      id: "ch_1",
      keyVersion: 1,
      seen: ["sk_test_not_a_real_key"],
    });
  } finally {
    await database.drop();
  }
});

test("the command line installs as one package into an empty folder, and sets, gets and imports from there", {
  timeout: 240_000,
}, async () => {
  const cwd = join(folder, "cli");
  await mkdir(cwd);
  await writeFile(join(cwd, "package.json"), '{"private":true}');
  await writeFile(join(cwd, "pnpm-workspace.yaml"), "");
  await pnpm(["add", "--prefer-offline", "--ignore-scripts", await packCli(folder)], cwd);
  expect((await readdir(join(cwd, "node_modules"))).filter((name) => !name.startsWith("."))).toEqual([
    "keyfold",
  ]);
  const { url, house, close } = await serveHouse();
  try {
    const { token } = await house.tenant("packed-cli");
    const keyfold = (...argv: string[]) =>
      run(join(cwd, "node_modules/.bin/keyfold"), argv, {
        cwd,
        env: { KEYFOLD_URL: url, KEYFOLD_TOKEN: token!, NODE_OPTIONS: "" },
      });
    await writeFile(join(cwd, "key"), "sk_test_not_a_real_key");
    expect(await keyfold("set", "STRIPE_KEY", "--file", "key")).toBe("Set STRIPE_KEY (version 1).\n");
    expect(await keyfold("get", "STRIPE_KEY")).toBe("sk_test_not_a_real_key");
    await writeFile(join(cwd, ".env"), "DB_URL=postgres://not-real\n");
    expect(await keyfold("import", "dotenv", ".env", "--tenant", "packed-cli")).toContain("Everything came.");
    expect(await keyfold("run", "--", "sh", "-c", "echo $DB_URL")).toBe("postgres://not-real\n");
    expect(await keyfold("--version")).toBe("0.0.0\n");
    // What works on the host loads the server's part: it is there, and asks for its settings.
    await expect(keyfold("operator", "reset", "a@example.com")).rejects.toThrow("There is no root key file");
  } finally {
    await close();
  }
});

/** A test's database comes migrated; this one is to be migrated by what is packed. */
async function emptied({ superuserUrl }: TestDatabase): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(
      "DROP SCHEMA control_plane, keyfold_jobs CASCADE; DROP TABLE public._prisma_migrations",
    );
  } finally {
    await client.end();
  }
}
