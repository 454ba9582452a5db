import { readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { SecretValue } from "@keyfold/envelope";
import { apiKeyRotator } from "./api-key.ts";
import { driveRotation, type Progress } from "./drive.ts";
import { httpRotator } from "./http/rotator.ts";
import { jwtKeysRotator } from "./keys/jwt-keys.ts";
import { ed25519Rotator, rsaRotator } from "./keys/key-pair-rotator.ts";
import { passwordRotator } from "./password.ts";
import { postgresRotators } from "./postgres/rotators.ts";
import { rotatorsOf } from "./registry.ts";
import type { Rotator } from "./rotator.ts";
import { uuidRotator } from "./uuid.ts";

/** What stands in the file that a rotation is kept in: fake values, in the open. */
export interface Kept {
  current: string | null;
  pending: string | null;
  progress: Progress;
  switches: number;
}

/** What it is told on its standard input, in JSON. */
export interface Told {
  kind: string;
  config: unknown;
  credentials: Record<string, string>;
  file: string;
  /** At which of its moments it stops, and waits to be killed. */
  haltAt: number;
}

/** A process that rotates with its progress in a file, and stands still at one moment until it is killed. */
const told = JSON.parse(await text(process.stdin)) as Told;
const rotators = rotatorsOf([
  apiKeyRotator,
  passwordRotator,
  uuidRotator,
  ed25519Rotator,
  rsaRotator,
  jwtKeysRotator,
  ...postgresRotators({ mayReach: () => true }),
  httpRotator({
    async post({ url, headers, body, signal }) {
      const answer = await fetch(url, { method: "POST", headers, body, signal });
      return { status: answer.status, answer: Buffer.from(await answer.arrayBuffer()) };
    },
  }),
]);
const read = () => JSON.parse(readFileSync(told.file, "utf8")) as Kept;
const keep = (change: (kept: Kept) => void): void => {
  moment();
  const was = read();
  change(was);
  writeFileSync(`${told.file}.new`, JSON.stringify(was));
  renameSync(`${told.file}.new`, told.file);
  moment();
};
const rotator = rotators.get(told.kind)!;
const outcome = await driveRotation(
  halting(rotator),
  {
    config: rotator.parseConfig(told.config),
    rotation: "00000000-0000-4000-8000-0000000000ff",
    secret: { tenant: "t", id: "s", name: "KILLED" },
    version: 2,
    now: new Date(),
    current: async () => secretOf(read().current),
    pending: async () => secretOf(read().pending ?? read().current)!,
    credential: async ({ $secret }) => SecretValue.ofText(told.credentials[$secret]!),
  },
  {
    load: async () => read().progress,
    made: async ({ value, state }) =>
      keep((kept) => {
        kept.pending = value.unsafelyText();
        kept.progress = { phase: "set", state, cause: null };
      }),
    aboutToSet: async () => keep(() => {}),
    reached: async (phase, cause) =>
      keep((kept) => {
        kept.progress = { ...kept.progress, phase, cause: cause ?? null };
      }),
    switchOver: async () =>
      keep((kept) => {
        kept.current = kept.pending;
        kept.pending = null;
        kept.switches++;
        kept.progress.phase = "finish";
      }),
  },
);
writeSync(1, `${outcome}\n`);

function moment(): void {
  if (--told.haltAt !== 0) return;
  writeSync(1, "halted\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Stands still before and after each step, too. */
function halting(rotator: Rotator): Rotator {
  const around =
    <T, R>(step: (task: T) => Promise<R>) =>
    async (task: T): Promise<R> => {
      moment();
      const result = await step(task);
      moment();
      return result;
    };
  return {
    ...rotator,
    make: around(rotator.make),
    set: around(rotator.set),
    test: around(rotator.test),
    finish: around(rotator.finish),
  };
}

function secretOf(text: string | null): SecretValue | null {
  return text === null ? null : SecretValue.ofText(text);
}
