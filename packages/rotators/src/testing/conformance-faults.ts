import { ok, strictEqual } from "node:assert";
import type { SecretValue } from "@keyfold/envelope";
import type { Rotator } from "../rotator.ts";
import { type RotatorCheck, refusal } from "./conformance.ts";
import { Killed, type Moment, type Rehearsal } from "./rehearsal.ts";

/** A target that can be made to fail, and is whole again after `heal`. */
export interface TargetUnderTest {
  /** Nobody reaches it. */
  takeDown(): Promise<void> | void;
  /** It does what the next `set` asks, and the answer is lost. */
  loseNextAnswer(): Promise<void> | void;
  heal(): Promise<void> | void;
}

interface Parts {
  rehearse(): Promise<Rehearsal>;
  works(value: SecretValue | null | undefined): Promise<boolean>;
  rotator: Rotator;
  target: TargetUnderTest | undefined;
  secrets: Readonly<Record<string, string>>;
}

/** When a rotation writes down how far it is, in order. */
const WRITES: readonly Moment["write"][] = ["made", "aboutToSet", "test", "switch", "done"];

/** What holds when processes are killed and targets fail. */
export function faultChecks({ rehearse, works, rotator, target, secrets }: Parts): RotatorCheck[] {
  const told = Object.values(secrets);
  const checks: RotatorCheck[] = [
    {
      name: "comes to its end in another process, wherever the first one was killed",
      async run() {
        for (const write of WRITES.filter((name) => name !== "aboutToSet" || rotator.hasTarget))
          for (const when of ["before", "after"] as const) {
            const rehearsal = await rehearse();
            await rehearsal.rotate();
            rehearsal.begin();
            rehearsal.killAt = { write, when };
            const error = await rehearsal.drive().catch((thrown: unknown) => thrown);
            ok(error instanceof Killed, `it never wrote ${write}`);
            strictEqual(await rehearsal.drive(), "done", `killed ${when} ${write}`);
            strictEqual(rehearsal.switches, 1, `killed ${when} ${write}`);
            ok(await works(rehearsal.current), `killed ${when} ${write}, the new value does not work`);
          }
      },
    },
  ];
  if (target === undefined) return checks;
  return [
    ...checks,
    {
      name: "waits for a target that is down, and goes on from the same step",
      async run() {
        for (const phase of ["set", "test"] as const) {
          const rehearsal = await rehearse();
          await rehearsal.rotate();
          const before = rehearsal.versions.length;
          rehearsal.begin();
          rehearsal.killAt =
            phase === "set" ? { write: "made", when: "after" } : { write: "test", when: "after" };
          await rehearsal.drive().catch(() => {});
          await target.takeDown();
          try {
            strictEqual(await refusal(rehearsal.drive(), told), "target_unavailable", phase);
            strictEqual(rehearsal.progress.phase, phase);
            strictEqual(rehearsal.versions.length, before);
          } finally {
            await target.heal();
          }
          strictEqual(await rehearsal.drive(), "done");
          ok(await works(rehearsal.current));
        }
      },
    },
    {
      name: "finds its way when the target did as asked and the answer was lost",
      async run() {
        const rehearsal = await rehearse();
        await rehearsal.rotate();
        rehearsal.begin();
        await target.loseNextAnswer();
        try {
          strictEqual(await refusal(rehearsal.drive(), told), "target_unavailable");
          ok(rehearsal.setBegun, "nobody knows that the target may hold the new value");
        } finally {
          await target.heal();
        }
        strictEqual(await rehearsal.drive(), "done");
        ok(await works(rehearsal.current));
      },
    },
    {
      name: "goes back also when the answer of what it undoes was lost",
      async run() {
        const rehearsal = await rehearse();
        await rehearsal.rotate();
        rehearsal.begin();
        await target.loseNextAnswer();
        await rehearsal.drive().catch(() => {});
        await target.heal();
        strictEqual(await rehearsal.undo(), "failed");
        ok(await works(rehearsal.current), "the current value does not work after the undo");
      },
    },
  ];
}
