import { randomUUID } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import { driveRotation, type Journal, type Phase, type Progress, type TaskFacts } from "../drive.ts";
import { RotatorError } from "../error.ts";
import type { Rotator } from "../rotator.ts";

/** Thrown where a rehearsal is killed: as with `kill -9`, nothing of the rotator's or the engine's runs after it. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** A moment at which a rotation is killed: when its journal is written, before that or after. */
export interface Moment {
  write: "made" | "aboutToSet" | Phase;
  when: "before" | "after";
}

export interface RehearsalOptions {
  rotator: Rotator;
  config: unknown;
  /** The value at the beginning; none when left out. */
  current?: SecretValue | null;
  /** The values of the secrets that the settings name, by id. */
  credentials?: Readonly<Record<string, string>>;
  now?: () => Date;
}

interface Version {
  number: number;
  value: SecretValue;
  state: unknown;
}

/** Keeps a secret's versions in memory and rotates it, with what is kept written as JSON, as a database would. */
export class Rehearsal {
  readonly #options: RehearsalOptions;
  readonly #config: unknown;
  /** Versions that were current, the newest last. */
  readonly versions: Version[] = [];
  pending: SecretValue | null = null;
  progress: Progress = { phase: "done", state: null, cause: null };
  /** Whether the target may hold a value that readers never got. */
  setBegun = false;
  /** How often a version was made current in this rotation. */
  switches = 0;
  killAt: Moment | null = null;
  #rotation = randomUUID();
  readonly #secret = { tenant: randomUUID(), id: randomUUID(), name: "REHEARSED" };

  constructor(options: RehearsalOptions) {
    this.#options = options;
    this.#config = options.rotator.parseConfig(options.config);
    if (options.current) this.versions.push({ number: 1, value: options.current, state: null });
  }

  get current(): SecretValue | null {
    return this.versions.at(-1)?.value ?? null;
  }

  /** Starts a rotation, without running any of it. */
  begin(): void {
    this.#rotation = randomUUID();
    this.progress = { phase: "make", state: null, cause: null };
    this.pending = null;
    this.setBegun = false;
    this.switches = 0;
  }

  /** Runs the rotation from wherever it stands. */
  drive(stepMs = 30_000): Promise<"done" | "failed"> {
    return driveRotation(this.#options.rotator, this.facts(), this.journal(), { stepMs });
  }

  /** A whole rotation. */
  async rotate(): Promise<"done" | "failed"> {
    this.begin();
    return this.drive();
  }

  /** Starts over the undo of what was set, as a person who gives the rotation up does. */
  undo(): Promise<"done" | "failed"> {
    this.progress = { ...this.progress, phase: "undo", cause: "test_failed" };
    return this.drive();
  }

  /** Ends the oldest `count` versions at the target. */
  async cleanUp(version: Version, stillOpen: readonly Version[]): Promise<void> {
    const { signal } = new AbortController();
    const { pending: _, ...facts } = this.facts();
    const states = stillOpen.filter(({ state }) => state !== null).map(({ state }) => state);
    await this.#options.rotator.cleanUp({
      ...facts,
      version: version.number,
      state: version.state,
      stillOpen: states,
      signal,
    });
  }

  facts(): TaskFacts {
    return {
      config: structuredClone(this.#config),
      rotation: this.#rotation,
      secret: this.#secret,
      version: (this.versions.at(-1)?.number ?? 0) + (this.pending === null ? 0 : 1),
      now: this.#options.now?.() ?? new Date(),
      current: async () => copyOf(this.current),
      pending: async () => {
        const value = copyOf(this.pending ?? this.current);
        if (value === null) throw new RotatorError("bad_state");
        return value;
      },
      credential: async ({ $secret }) => {
        const text = this.#options.credentials?.[$secret];
        if (text === undefined) throw new RotatorError("bad_credential");
        return SecretValue.ofText(text);
      },
    };
  }

  journal(): Journal {
    const write = (name: Moment["write"], change: () => void): void => {
      const kill = this.killAt?.write === name ? this.killAt.when : null;
      if (kill !== null) this.killAt = null;
      if (kill === "before") throw new Killed();
      change();
      if (kill === "after") throw new Killed();
    };
    return {
      load: async () => structuredClone(this.progress),
      made: async ({ value, state }) =>
        write("made", () => {
          this.pending = copyOf(value);
          this.progress = { phase: "set", state: JSON.parse(JSON.stringify(state)), cause: null };
        }),
      aboutToSet: async () =>
        write("aboutToSet", () => {
          this.setBegun = true;
        }),
      reached: async (phase, cause) =>
        write(phase, () => {
          this.progress = { ...this.progress, phase, cause: cause ?? this.progress.cause };
        }),
      switchOver: async () =>
        write("switch", () => {
          const number = (this.versions.at(-1)?.number ?? 0) + 1;
          this.versions.push({ number, value: this.pending!, state: this.progress.state });
          this.pending = null;
          this.switches++;
          this.progress = { ...this.progress, phase: "finish" };
        }),
    };
  }
}

// Each step opens its own copy, as it would from sealed bytes, and may wipe it.
function copyOf(value: SecretValue): SecretValue;
function copyOf(value: SecretValue | null): SecretValue | null;
function copyOf(value: SecretValue | null): SecretValue | null {
  return value && SecretValue.ofBytes(value.unsafelyBytes(), value.encoding);
}
