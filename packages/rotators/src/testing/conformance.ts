import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { inspect } from "node:util";
import type { SecretValue } from "@keyfold/envelope";
import { RotatorError } from "../error.ts";
import type { Rotator } from "../rotator.ts";
import { faultChecks, type TargetUnderTest } from "./conformance-faults.ts";
import { Rehearsal } from "./rehearsal.ts";

/** A rotator, and what the suite needs to try it. */
export interface RotatorSubject {
  /** Names the rotator and what it runs against. */
  name: string;
  rotator: Rotator;
  /** Settings as a person gives them. */
  config: unknown;
  /** Settings that must be refused, each as a whole. */
  badConfigs?: readonly unknown[];
  /** The values of the secrets that the settings name, by id. None of them may turn up anywhere. */
  credentials?: Readonly<Record<string, string>>;
  /** Brings the target to its beginning, and answers the value that works there then; null where there is none. */
  start?(): Promise<SecretValue | null>;
  /** Whether a value works at the target, by the target's own word. Needed where there is a target. */
  works?(value: SecretValue): Promise<boolean>;
  /** The target, made to fail. */
  target?: TargetUnderTest;
}

/** One promise of a rotator. `run` rejects where it is broken; a test runner of any make can call it. */
export interface RotatorCheck {
  name: string;
  run(): Promise<void>;
}

/**
 * What every rotator promises (see RotatorDefinition), as checks that name themselves:
 *
 *     for (const check of rotatorConformance(subject)) test(check.name, check.run);
 */
export function rotatorConformance(subject: RotatorSubject): RotatorCheck[] {
  const { rotator } = subject;
  const atOnce = rotator.worksAtOnce(rotator.parseConfig(subject.config));
  if (rotator.hasTarget && subject.works === undefined)
    throw new TypeError("A rotator with a target is tried with `works`, which asks the target.");
  const rehearse = async () => {
    const current = (await subject.start?.()) ?? null;
    const { config, credentials = {} } = subject;
    return new Rehearsal({ rotator, config, current, credentials });
  };
  const works = async (value: SecretValue | null | undefined) =>
    value != null && (subject.works === undefined || (await subject.works(value)));

  const checks: RotatorCheck[] = [
    {
      name: "takes its settings as plain data, and refuses those that it does not know",
      async run() {
        const parsed = rotator.parseConfig(subject.config);
        deepStrictEqual(JSON.parse(JSON.stringify(parsed)), parsed, "settings must survive JSON");
        deepStrictEqual(rotator.parseConfig(parsed), parsed, "settings that were taken must be taken again");
        const unknown = { ...(subject.config as object), surelyUnknown: 1 };
        for (const bad of [null, 7, "text", [], unknown, ...(subject.badConfigs ?? [])])
          ok(!rotator.config.safeParse(bad).success, `settings were taken: ${JSON.stringify(bad)}`);
      },
    },
    {
      name: "makes another value for each rotation, and leaves the current one at work",
      async run() {
        const rehearsal = await rehearse();
        const made = [];
        for (let round = 0; round < 3; round++) {
          rehearsal.begin();
          made.push(await makeOnly(rehearsal, rotator));
        }
        const texts = made.map(({ value }) => value.unsafelyBytes().toString("hex"));
        strictEqual(new Set(texts).size, 3, "two values are the same");
        ok(
          texts.every((text) => text.length > 0),
          "a value is empty",
        );
        if (rehearsal.current) ok(await works(rehearsal.current), "the current value stopped working");
      },
    },
    {
      name: "rotates three times in a row, and each new value works",
      async run() {
        const rehearsal = await rehearse();
        for (let round = 0; round < 3; round++) {
          strictEqual(await rehearsal.rotate(), "done");
          strictEqual(rehearsal.switches, 1);
          ok(await works(rehearsal.current), `the value of round ${round} does not work`);
        }
      },
    },
    {
      name: "keeps as many values at work as it says",
      async run() {
        if (!Number.isInteger(atOnce) || atOnce < 2) return;
        const rehearsal = await rehearse();
        for (let round = 0; round < atOnce + 1; round++) {
          strictEqual(await rehearsal.rotate(), "done");
          for (const { number, value } of rehearsal.versions.slice(-atOnce))
            ok(await works(value), `version ${number} stopped working in round ${round}`);
        }
      },
    },
    {
      name: "keeps the current value at work until readers get the new one",
      async run() {
        if (atOnce < 2) return;
        const rehearsal = await rehearse();
        await rehearsal.rotate();
        rehearsal.begin();
        rehearsal.killAt = { write: "switch", when: "before" };
        await rehearsal.drive().catch(() => {});
        ok(await works(rehearsal.current), "the current value stopped working before the switch");
      },
    },
    {
      name: "can run every step twice",
      async run() {
        const rehearsal = await rehearse();
        await rehearsal.rotate();
        rehearsal.begin();
        const { value, state } = await makeOnly(rehearsal, rotator);
        await rehearsal.journal().made({ value, state });
        const task = { ...rehearsal.facts(), state: rehearsal.progress.state, signal: never() };
        for (const step of [rotator.set, rotator.set, rotator.test, rotator.set, rotator.test, rotator.test])
          await step(task);
        ok(await works(rehearsal.pending), "the new value does not work after being set");
        await rehearsal.journal().switchOver();
        const after = { ...rehearsal.facts(), state: rehearsal.progress.state, signal: never() };
        for (let n = 0; n < 2; n++) await rotator.finish(after);
        ok(await works(rehearsal.current), "the new value does not work after being finished");
      },
    },
    {
      name: "tests the target and not itself: a value that was not set fails",
      async run() {
        if (!rotator.hasTarget) return;
        const rehearsal = await rehearse();
        await rehearsal.rotate();
        rehearsal.begin();
        await rehearsal.journal().made(await makeOnly(rehearsal, rotator));
        rehearsal.progress.phase = "test";
        strictEqual(await rehearsal.drive(), "failed");
        strictEqual(rehearsal.progress.cause, "test_failed");
        strictEqual(rehearsal.switches, 0);
        ok(await works(rehearsal.current), "the current value stopped working");
      },
    },
    {
      name: "goes back: after an undo the current value works, set or not, once or twice",
      async run() {
        if (!rotator.hasTarget) return;
        for (const setFirst of [true, false]) {
          const rehearsal = await rehearse();
          await rehearsal.rotate();
          rehearsal.begin();
          await rehearsal.journal().made(await makeOnly(rehearsal, rotator));
          const task = { ...rehearsal.facts(), state: rehearsal.progress.state, signal: never() };
          if (setFirst) await rotator.set(task);
          for (let n = 0; n < 2; n++) {
            strictEqual(await rehearsal.undo(), "failed");
            ok(await works(rehearsal.current), "the current value does not work after the undo");
          }
          strictEqual(await rehearsal.rotate(), "done", "no rotation succeeds after an undo");
          ok(await works(rehearsal.current));
        }
      },
    },
    {
      name: "ends an old value at the target, late or twice, and never one that is in use",
      async run() {
        if (!rotator.cleansUp) return;
        const rehearsal = await rehearse();
        for (let round = 0; round < 2; round++) await rehearsal.rotate();
        const [old, now] = rehearsal.versions.slice(-2) as [never, never];
        for (let n = 0; n < 2; n++) await rehearsal.cleanUp(old, [now]);
        ok(!(await works((old as { value: SecretValue }).value)), "the old value still works");
        ok(await works(rehearsal.current), "the current value stopped working");
        for (let round = 0; round < 3; round++) {
          await rehearsal.rotate();
          await rehearsal.cleanUp(old, rehearsal.versions.slice(-2));
          for (const { number, value } of rehearsal.versions.slice(-Math.min(atOnce, 2)))
            ok(await works(value), `version ${number} stopped working by a late end of an older one`);
        }
      },
    },
    {
      name: "notes no value, and prints none",
      async run() {
        const rehearsal = await rehearse();
        for (let round = 0; round < 2; round++) await rehearsal.rotate();
        const said = inspect([rotator, rehearsal.versions, rehearsal.progress], {
          depth: 12,
          showHidden: true,
        });
        const notes = JSON.stringify(rehearsal.versions.map(({ state }) => state));
        ok(notes.length <= 4096, "notes are references, and short");
        const values = rehearsal.versions.map(({ value }) => value.unsafelyText());
        for (const text of [...values, ...Object.values(subject.credentials ?? {})])
          ok(!notes.includes(text) && !said.includes(text), "a value was noted or printed");
      },
    },
    ...faultChecks({ rehearse, works, rotator, target: subject.target, secrets: subject.credentials ?? {} }),
  ];
  return checks.map((check) => ({ ...check, name: `${subject.name} ${check.name}` }));
}

async function makeOnly(rehearsal: Rehearsal, rotator: Rotator) {
  const { pending: _, ...facts } = rehearsal.facts();
  return rotator.make({ ...facts, signal: never() });
}

const never = () => new AbortController().signal;

/** The code of the RotatorError that `work` ends in; "nothing" where it ends well. */
export async function refusal(work: Promise<unknown>, secrets: readonly string[] = []): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return "nothing";
  ok(error instanceof RotatorError, "something else than a RotatorError was thrown");
  const said = `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)} ${String(error)}`;
  for (const text of secrets) ok(!said.includes(text), "an error says a value");
  ok(error.cause === undefined, "an error carries the error of somebody else");
  return error.code;
}
