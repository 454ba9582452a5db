import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Program, shellBlocks, typed } from "../testing/runbook.ts";

const bootstrap = randomBytes(24).toString("hex");
let folder: string;
let program: Program;
let settings: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-recover-"));
  program = new Program(folder);
  for (const name of ["etc", "recovery", "offsite"]) await mkdir(join(folder, name));
  settings = {
    KEYFOLD_MODE: "production",
    KEYFOLD_EMBEDDED_DATABASE: "1",
    KEYFOLD_LOG_LEVEL: "silent",
    KEYFOLD_DATA_DIR: join(folder, "data"),
    KEYFOLD_ROOT_KEY_FILE: join(folder, "etc", "root-key"),
  };
  expect(await keyfold(`keyfold keys generate --file ${folder}/etc/root-key`)).toMatchObject({ exit: 0 });
});
afterEach(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

const keyfold = (line: string) => typed(line, settings, folder);
const start = () => program.restart({ ...settings, KEYFOLD_BOOTSTRAP_TOKEN: bootstrap });

/** What the calls here look at, each of its own call. */
interface Answer {
  token: string;
  details: { id: string };
  value: string;
  backup: { state: string } | null;
  checkpoint: object | null;
}

const call = (method: string, path: string, bearer: string, body?: object) =>
  program.call<Answer>(method, path, bearer, body);

/** The lines of a runbook's blocks, with its paths under this test's folder: settings and commands, in its order. */
async function stepsOf(name: string): Promise<string[]> {
  return (await shellBlocks(name))
    .flat()
    .map((line) =>
      line
        .replaceAll("/etc/keyfold", `${folder}/etc`)
        .replaceAll("/media/recovery", `${folder}/recovery`)
        .replaceAll("/mnt/offsite", `${folder}/offsite`),
    );
}

/** Takes a step as its reader does: a setting is set, a command must succeed. */
async function take(line: string, known: { recipient: string; code: string }): Promise<void> {
  const filled = line.replace("age1RECIPIENT", known.recipient).replace("kfr_CODE", known.code);
  const setting = /^(KEYFOLD_\w+)=(.*)$/.exec(filled);
  if (setting !== null) {
    settings[setting[1]!] = setting[2]!;
    return;
  }
  const said = await keyfold(filled);
  expect(said, line).toMatchObject({ exit: 0 });
  if (line.includes("recovery-identity")) known.recipient = said.out.trim();
  if (line.includes("open-bundle")) known.code = said.out.trim();
}

test("lost-root-key.md, word for word, brings the values back", async () => {
  const steps = await stepsOf("lost-root-key.md");
  const known = { recipient: "", code: "" };
  const [before, after] = [steps.slice(0, -2), steps.slice(-2)];
  expect(before).toHaveLength(5);
  await start();
  const { token } = await program.furnish(bootstrap);
  for (const line of before) await take(line, known);
  expect((await call("GET", "/keys", bootstrap)).backup).toMatchObject({ state: "confirmed" });
  await program.stop();
  await rm(join(folder, "etc", "root-key"));
  await expect(start()).rejects.toThrow(/There is no root key file/);
  for (const line of after) await take(line, known);
  await start();
  expect((await call("GET", "/reveal?name=K", token)).value).toBe("not a real value");
}, 600_000);

test("recover.md, word for word, brings back everything but what was revoked since", async () => {
  const steps = await stepsOf("recover.md");
  const known = { recipient: "", code: "" };
  await take("keyfold keys recovery-identity --file recovery/identity.txt", known);
  const restore = steps.pop()!;
  expect(restore).toMatch(/^keyfold backup restore /);
  for (const line of steps.filter((one) => one.startsWith("KEYFOLD_"))) await take(line, known);
  await start();
  const { token } = await program.furnish(bootstrap);
  const doomed = await call("POST", "/tokens", token, { name: "doomed", preset: "reader" });
  const commands = steps.filter((one) => one.startsWith("keyfold "));
  expect(commands).toHaveLength(2);
  for (const line of commands) await take(line, known);
  expect((await call("DELETE", `/tokens/${doomed.details.id}`, token)).status).toBe(200);
  // The job that signs runs by itself; what it signed is pushed when the server stops, at the latest.
  const signed = () => call("GET", "/audit/checkpoint?deployment=true", bootstrap);
  await vi.waitFor(async () => expect((await signed()).checkpoint).not.toBeNull(), {
    timeout: 300_000,
    interval: 100,
  });
  await program.stop();
  for (const gone of ["data", "etc/root-key"]) await rm(join(folder, gone), { recursive: true });
  await take(restore, known);
  await start();
  expect((await call("GET", "/reveal?name=K", token)).value).toBe("not a real value");
  expect((await call("GET", "/reveal?name=K", doomed.token)).status).toBe(401);
}, 600_000);
