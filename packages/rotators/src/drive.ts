import { asRotatorError, RotatorError, type RotatorErrorCode } from "./error.ts";
import type { Made, Rotator, StepTask, Task } from "./rotator.ts";

/**
 * Where a rotation stands. `make`, `set`, `test`, `switch`, `finish` come in this order and end in `done`; what cannot
 * succeed goes through `undo` to `failed`, and readers never saw the new value.
 */
export type Phase = "make" | "set" | "test" | "switch" | "finish" | "undo" | "done" | "failed";

export interface Progress {
  phase: Phase;
  /** What `make` noted; null before. */
  state: unknown;
  /** Why it is being undone, or has failed. */
  cause: RotatorErrorCode | null;
}

/** Where a rotation's progress is kept. Each method is durable before it answers, and may be called again. */
export interface Journal {
  load(): Promise<Progress>;
  /** Keeps the new value as the pending version, and what was noted; on to `set`. */
  made(made: Made<unknown>): Promise<void>;
  /** From now on the target may hold the new value: the pending version is never discarded by itself. */
  aboutToSet(): Promise<void>;
  /** On to another phase. */
  reached(phase: "test" | "switch" | "undo" | "done" | "failed", cause?: RotatorErrorCode): Promise<void>;
  /** Makes the pending version current, if the one before still is what it was made from; on to `finish`. */
  switchOver(): Promise<void>;
}

/** A task without what the journal knows. */
export type TaskFacts = Omit<StepTask<unknown, unknown>, "state" | "signal">;

export interface DriveOptions {
  /** Most milliseconds of one step. */
  stepMs?: number;
  /** Fires when the process shuts down: the step under way is left, to be run again elsewhere. */
  signal?: AbortSignal;
}

const STEP_MS = 60_000;

/**
 * Runs a rotation from wherever it stands to its end, or to an error that may pass.
 * @returns "done", or "failed" after what was set was undone
 * @throws RotatorError where the same phase is worth another try later; what the journal throws
 */
export async function driveRotation(
  rotator: Rotator,
  facts: TaskFacts,
  journal: Journal,
  options: DriveOptions = {},
): Promise<"done" | "failed"> {
  for (;;) {
    const { phase, state, cause } = await journal.load();
    const run = <T>(step: (task: StepTask<unknown, unknown>) => Promise<T>) =>
      timed(options, (signal) => step({ ...facts, state, signal }));
    switch (phase) {
      case "done":
      case "failed":
        return phase;
      case "make": {
        const made = await undoing(journal, () => run((task) => rotator.make(task as Task<unknown>)));
        if (made === "undo") continue;
        await journal.made(made);
        made.value.wipe();
        continue;
      }
      case "set":
        if (rotator.hasTarget) {
          await journal.aboutToSet();
          if ((await undoing(journal, () => run((task) => rotator.set(task)))) === "undo") continue;
        }
        await journal.reached("test");
        continue;
      case "test":
        if ((await undoing(journal, () => run((task) => rotator.test(task)))) === "undo") continue;
        await journal.reached("switch");
        continue;
      case "switch":
        await journal.switchOver();
        continue;
      case "finish":
        // Readers have the new value: there is no way back, and nothing to undo.
        await run((task) => rotator.finish(task));
        await journal.reached("done");
        continue;
      case "undo":
        // Without what `make` noted, nothing was set.
        if (state !== null) await run((task) => rotator.undo(task));
        await journal.reached("failed", cause ?? "failed");
        continue;
    }
  }
}

/** What a step answers; or, where it failed for good, "undo" with the journal told why. */
async function undoing<T>(journal: Journal, step: () => Promise<T>): Promise<T | "undo"> {
  try {
    return await step();
  } catch (error) {
    const refusal = asRotatorError(error);
    if (refusal.passing) throw refusal;
    await journal.reached("undo", refusal.code);
    return "undo";
  }
}

/** Runs a step with its time. One that does not stop at the signal is left behind: no target may hold up the others. */
async function timed<T>(options: DriveOptions, step: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  const timer = setTimeout(stop, options.stepMs ?? STEP_MS);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  const over = new Promise<never>((_, reject) => {
    const late = (): void => reject(new RotatorError("target_unavailable", "timeout"));
    if (end.signal.aborted) late();
    else end.signal.addEventListener("abort", late, { once: true });
  });
  try {
    return await Promise.race([
      over,
      step(end.signal).catch((error: unknown) => {
        throw asRotatorError(error);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stop);
    over.catch(() => {});
  }
}
