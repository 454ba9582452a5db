import type { SecretValue } from "@keyfold/envelope";
import type { z } from "zod";
import type { Credential } from "./credential.ts";
import { RotatorError } from "./error.ts";

/** What every step of one rotation of one secret is told. */
export interface Task<Config> {
  readonly config: Config;
  /** Stays the same for all steps of one rotation, however often they run: fit for a target's idempotency key. */
  readonly rotation: string;
  readonly secret: { readonly tenant: string; readonly id: string; readonly name: string };
  /** The number of the version that is being made; for `cleanUp`, of the one that ended. */
  readonly version: number;
  /** The time by the clock of who runs the rotation. */
  readonly now: Date;
  /** Fires when the step has had its time; a step then gives up soon. */
  readonly signal: AbortSignal;
  /** The value that readers get now; null where the secret has none. */
  current(): Promise<SecretValue | null>;
  /** The value of a secret that the settings name. */
  credential(ref: Credential): Promise<SecretValue>;
}

/** A step after `make`: knows the new value, and what `make` noted. */
export interface StepTask<Config, State> extends Task<Config> {
  readonly state: State;
  /** The new value, not in use yet; in `finish` it is the current one. */
  pending(): Promise<SecretValue>;
}

/** The end of an old version: its value is gone, what `make` noted of it is there. */
export interface CleanUpTask<Config, State> extends Task<Config> {
  readonly state: State;
  /** What `make` noted of the versions that still open or are being made: what they work with must stay. */
  readonly stillOpen: readonly State[];
}

export interface Made<State> {
  value: SecretValue;
  /** References that later steps need, such as which of two users this value is for. Never a value. */
  state: State;
}

/**
 * A way to make new values of a secret by itself. A rotation is four steps: make, set, test, finish. The process may be
 * killed at any moment, so every step may run again, from its beginning, in another process, with the same task: each
 * must then do no harm and come to the same end.
 */
export interface RotatorDefinition<C extends z.ZodType, S extends z.ZodType> {
  /** Lower-case words joined by hyphens; names the rotator in policies for ever. */
  kind: string;
  /** One line for people who choose a rotator. */
  title: string;
  /** What it can be told. Refuses what it does not know (`z.strictObject`). */
  config: C;
  /** What `make` notes for later steps. */
  state: S;
  /**
   * How many values work at the target at the same time. With 1, the old value stops working there when the new one is
   * set, whatever grace it has here. With 2, a rotation waits until the version before the current one has ended.
   * Infinity where there is no target, or it keeps any number.
   */
  worksAtOnce(config: z.output<C>): number;
  /**
   * Makes a new value, and changes nothing that works. Where the target makes values itself, it is asked for one under the
   * name of the rotation, and what an earlier run of this step left under that name is taken back first.
   */
  make(task: Task<z.output<C>>): Promise<Made<z.output<S>>>;
  /** Puts the new value to work at the target. Left out where there is none. */
  set?(task: StepTask<z.output<C>, z.output<S>>): Promise<void>;
  /** Proves that the new value works. Changes nothing. @throws RotatorError `test_failed` */
  test(task: StepTask<z.output<C>, z.output<S>>): Promise<void>;
  /** What remains at the target once readers get the new value. */
  finish?(task: StepTask<z.output<C>, z.output<S>>): Promise<void>;
  /**
   * Makes the current value work again at the target after a `set` that is not to stand, and whose end may be unknown.
   * Needed where `worksAtOnce` is 1.
   */
  undo?(task: StepTask<z.output<C>, z.output<S>>): Promise<void>;
  /**
   * When a version that this rotator made has ended: takes from its value what it could still open at the target. May run
   * late, after later rotations, whose values must stay at work.
   */
  cleanUp?(task: CleanUpTask<z.output<C>, z.output<S>>): Promise<void>;
}

/** A rotator whose settings and notes have been checked by itself whenever they come from outside. */
export interface Rotator {
  readonly kind: string;
  readonly title: string;
  readonly config: z.ZodType;
  /** Whether it has a target, and so something to set. */
  readonly hasTarget: boolean;
  readonly cleansUp: boolean;
  /** @throws ZodError of its own paths */
  parseConfig(input: unknown): unknown;
  worksAtOnce(config: unknown): number;
  make(task: Task<unknown>): Promise<Made<unknown>>;
  set(task: StepTask<unknown, unknown>): Promise<void>;
  test(task: StepTask<unknown, unknown>): Promise<void>;
  finish(task: StepTask<unknown, unknown>): Promise<void>;
  undo(task: StepTask<unknown, unknown>): Promise<void>;
  cleanUp(task: CleanUpTask<unknown, unknown>): Promise<void>;
}

/** Notes are references: most characters of their JSON. */
const NOTES_CHARACTERS = 4096;
const KIND = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Makes a rotator of its definition. Run `rotatorConformance` of `@keyfold/rotators/testing` over it.
 * @throws TypeError for a definition that cannot keep the old value working
 */
export function defineRotator<C extends z.ZodType, S extends z.ZodType>(
  definition: RotatorDefinition<C, S>,
): Rotator {
  const { kind, title, config, state } = definition;
  if (!KIND.test(kind) || kind.length > 64)
    throw new TypeError("A rotator's kind is 1 to 64 lower-case letters, digits and single hyphens.");
  if (
    definition.set === undefined &&
    (definition.undo ?? definition.finish ?? definition.cleanUp) !== undefined
  )
    throw new TypeError(`The rotator ${kind} undoes, finishes or cleans up what it never sets.`);

  const configOf = (given: unknown): z.output<C> => read(config, given, "bad_config");
  const stepTask = (task: StepTask<unknown, unknown>): StepTask<z.output<C>, z.output<S>> => ({
    ...task,
    config: configOf(task.config),
    state: read(state, task.state, "bad_state"),
  });
  const worksAtOnce = (given: unknown): number => definition.worksAtOnce(configOf(given));
  return {
    kind,
    title,
    config,
    hasTarget: definition.set !== undefined,
    cleansUp: definition.cleanUp !== undefined,
    parseConfig: (input) => config.parse(input),
    worksAtOnce,
    async make(task) {
      const own = { ...task, config: configOf(task.config) };
      if (worksAtOnce(task.config) < 2 && definition.undo === undefined)
        throw new TypeError(`The rotator ${kind} ends the old value at its target and has no way back.`);
      const made = await definition.make(own);
      const notes = read(state, made.state, "bad_state");
      if (JSON.stringify(notes).length > NOTES_CHARACTERS) throw new RotatorError("bad_state");
      return { value: made.value, state: notes };
    },
    set: async (task) => definition.set?.(stepTask(task)),
    test: async (task) => definition.test(stepTask(task)),
    finish: async (task) => definition.finish?.(stepTask(task)),
    undo: async (task) => definition.undo?.(stepTask(task)),
    cleanUp: async (task) =>
      definition.cleanUp?.({
        ...task,
        config: configOf(task.config),
        state: read(state, task.state, "bad_state"),
        stillOpen: task.stillOpen.map((open) => read(state, open, "bad_state")),
      }),
  };
}

function read<T extends z.ZodType>(schema: T, given: unknown, code: "bad_config" | "bad_state"): z.output<T> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new RotatorError(code);
  return parsed.data;
}
