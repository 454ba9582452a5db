import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { SecretValue } from "@keyfold/envelope";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kept, Told } from "./killed.fixture.ts";
import { readAccount, writeAccount } from "./postgres/account.ts";
import { scramVerifier } from "./postgres/scram.ts";

/** `pnpm --filter @keyfold/rotators test:kill` stops at every moment of every rotator; else at some of each. */
const EVERY = process.env.KEYFOLD_KILL_ROUNDS !== undefined;
/** A rotation writes or begins or ends something so often, at least. */
const MOMENTS = 16;

let folder: string;
let database: TestDatabase;
let superuser: pg.Client;
const ADMIN = "00000000-0000-4000-8000-000000000001";
const tag = randomBytes(4).toString("hex");
const [one, other] = [`killed_one_${tag}`, `killed_other_${tag}`];

/** An endpoint that makes one key for a rotation, however often it is asked, and knows which of them work. */
let endpoint: Server;
const made = new Map<string, string>();
const working = new Set<string>();
const SIGNING = "00000000-0000-4000-8000-000000000002";

beforeAll(async () => {
  endpoint = createServer(async (request, response) => {
    const { step, rotation } = JSON.parse(await text(request)) as { step: string; rotation: string };
    const key = made.get(rotation) ?? `key-not-real-${randomBytes(8).toString("hex")}`;
    made.set(rotation, key);
    if (step === "set") working.add(key);
    const status = step === "test" && !working.has(key) ? 409 : 200;
    response.writeHead(status).end(JSON.stringify(step === "make" ? { value: key } : {}));
  });
  endpoint.listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  folder = await mkdtemp(join(tmpdir(), "keyfold-killed-"));
  database = await createTestDatabase();
  superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  for (const role of [one, other]) {
    await superuser.query(`CREATE ROLE ${role} LOGIN`);
    await superuser.query(`GRANT CONNECT ON DATABASE ${database.name} TO ${role}`);
  }
});

afterAll(async () => {
  endpoint.closeAllConnections();
  endpoint.close();
  for (const role of [one, other]) await superuser.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await superuser.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

const url = (user: string, password: string) =>
  writeAccount(
    {
      host: "127.0.0.1",
      port: Number(new URL(database.superuserUrl).port),
      database: database.name,
      user,
      password,
      sslmode: "disable",
    },
    "url",
  );

/** Runs a rotation in a process of its own, which is killed when it stands still. Answers whether it came to its end. */
async function run(told: Told): Promise<boolean> {
  const script = fileURLToPath(new URL("./killed.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  child.stdin.end(JSON.stringify(told));
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line === "halted") child.kill("SIGKILL");
  }
  const [code, signal] = await ended;
  expect([code, signal]).toEqual(last === "done" ? [0, null] : [null, "SIGKILL"]);
  return last === "done";
}

async function logsIn(login: string): Promise<boolean> {
  const { user, password, port, database } = readAccount(SecretValue.ofText(login))!;
  const client = new pg.Client({ user, password, port, database, host: "127.0.0.1" });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

const anything = async () => true;
interface Case {
  kind: string;
  config: () => unknown;
  works(value: string): Promise<boolean>;
}
const given = (config: unknown) => () => config;
const cases: Case[] = [
  { kind: "api-key", config: given({}), works: anything },
  { kind: "password", config: given({}), works: anything },
  { kind: "uuid", config: given({ version: 7 }), works: anything },
  { kind: "ed25519-key-pair", config: given({}), works: anything },
  { kind: "rsa-key-pair", config: given({ bits: 2048 }), works: anything },
  { kind: "jwt-signing-keys", config: given({}), works: anything },
  { kind: "postgres-user", config: given({ admin: { $secret: ADMIN }, user: one }), works: logsIn },
  {
    kind: "postgres-alternating-users",
    config: given({ admin: { $secret: ADMIN }, users: [one, other] }),
    works: logsIn,
  },
  {
    kind: "http",
    config: () => ({
      url: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`,
      signingSecret: { $secret: SIGNING },
    }),
    works: async (value) => working.has(value),
  },
];

test.each(cases)(
  "$kind: killed with SIGKILL at any moment, a rotation is finished by the next process, once, with a value that works",
  async ({ kind, config, works }) => {
    const file = join(folder, `${kind}.json`);
    const admin = new URL(database.superuserUrl);
    const credentials = {
      [ADMIN]: url(admin.username, decodeURIComponent(admin.password)),
      [SIGNING]: `whsec_${Buffer.from("not a real signing key, at all!").toString("base64")}`,
    };
    const target = kind.startsWith("postgres");
    const stride = EVERY ? 1 : target ? 2 : 5;
    let last = 0;
    for (let haltAt = 1; ; haltAt += stride) {
      const password = "first-not-a-real-password";
      if (target) await superuser.query(`ALTER ROLE ${one} PASSWORD '${await scramVerifier(password)}'`);
      made.clear();
      const current = target ? url(one, password) : null;
      const begin: Kept = {
        current,
        pending: null,
        progress: { phase: "make", state: null, cause: null },
        switches: 0,
      };
      writeFileSync(file, JSON.stringify(begin));
      if (await run({ kind, config: config(), credentials, file, haltAt })) break;
      last = haltAt;
      const killed = JSON.parse(readFileSync(file, "utf8")) as Kept;
      // Two users in turn: readers never had a value that does not work.
      if (killed.current !== null && kind !== "postgres-user")
        expect(await works(killed.current), `killed at moment ${haltAt}`).toBe(true);
      expect(await run({ kind, config: config(), credentials, file, haltAt: 0 })).toBe(true);
      const kept = JSON.parse(readFileSync(file, "utf8")) as Kept;
      expect(kept).toMatchObject({ pending: null, progress: { phase: "done" }, switches: 1 });
      expect(await works(kept.current!), `killed at moment ${haltAt}`).toBe(true);
    }
    expect(last).toBeGreaterThan(MOMENTS - stride);
  },
  300_000,
);
