import { SecretValue } from "@keyfold/envelope";
import { expect, test } from "vitest";
import { z } from "zod";
import { RotatorError } from "./error.ts";
import { defineRotator, type RotatorDefinition } from "./rotator.ts";
import { refusal } from "./testing/conformance.ts";
import { Rehearsal } from "./testing/rehearsal.ts";

const config = z.strictObject({});
const state = z.strictObject({});

function rehearse(changed: Partial<RotatorDefinition<typeof config, typeof state>>) {
  const said: string[] = [];
  const say = (step: string) => async () => void said.push(step);
  const rotator = defineRotator({
    kind: "spoken",
    title: "Says its steps",
    config,
    state,
    worksAtOnce: () => 2,
    make: async () => ({ value: SecretValue.ofText("new"), state: {} }),
    set: say("set"),
    test: say("test"),
    finish: say("finish"),
    undo: say("undo"),
    ...changed,
  });
  const rehearsal = new Rehearsal({ rotator, config: {}, current: SecretValue.ofText("old") });
  return { rehearsal, said };
}

const fails = (error: unknown) => async () => {
  throw error;
};

test("the steps come in their order, and readers get the new value between test and finish", async () => {
  const { rehearsal, said } = rehearse({});
  expect(await rehearsal.rotate()).toBe("done");
  expect(said).toEqual(["set", "test", "finish"]);
  expect(rehearsal.current!.unsafelyText()).toBe("new");
});

test.each([
  ["a refusal by name", new RotatorError("target_refused", "42501"), "target_refused"],
  ["an error that a plug-in has no name for", new Error("a value could stand here"), "failed"],
  ["something that is no error", "text", "failed"],
])(
  "%s at any step before the switch undoes what was set, and readers keep the old value",
  async (_, error, cause) => {
    for (const step of ["set", "test"] as const) {
      const { rehearsal, said } = rehearse({ [step]: fails(error) });
      expect(await rehearsal.rotate()).toBe("failed");
      expect(rehearsal.progress).toMatchObject({ phase: "failed", cause });
      expect(said.at(-1)).toBe("undo");
      expect(rehearsal.current!.unsafelyText()).toBe("old");
    }
  },
);

test("a make that fails undoes nothing: nothing was set", async () => {
  const { rehearsal, said } = rehearse({ make: fails(new RotatorError("bad_credential")) });
  expect(await rehearsal.rotate()).toBe("failed");
  expect(said).toEqual([]);
  expect(rehearsal.setBegun).toBe(false);
});

test("an undo that fails is not taken for one that went well", async () => {
  const { rehearsal } = rehearse({
    test: fails(new RotatorError("test_failed")),
    undo: fails(new RotatorError("target_refused")),
  });
  expect(await refusal(rehearsal.rotate())).toBe("target_refused");
  expect(rehearsal.progress).toMatchObject({ phase: "undo", cause: "test_failed" });
});

test("a finish that fails leaves the new value in use, and is tried again", async () => {
  let times = 0;
  const { rehearsal } = rehearse({
    finish: async () => {
      if (++times === 1) throw new RotatorError("target_unavailable");
    },
  });
  expect(await refusal(rehearsal.rotate())).toBe("target_unavailable");
  expect(rehearsal.current!.unsafelyText()).toBe("new");
  expect(await rehearsal.drive()).toBe("done");
  expect([times, rehearsal.switches]).toEqual([2, 1]);
});

test("a step that hangs is left behind, and its signal fires", async () => {
  let signalled = false;
  const { rehearsal } = rehearse({
    set: ({ signal }) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          signalled = true;
        });
      }),
  });
  rehearsal.begin();
  expect(await refusal(rehearsal.drive(20))).toBe("target_unavailable");
  expect(signalled).toBe(true);
  expect(rehearsal.setBegun).toBe(true);
});

test("notes or settings that another version of a rotator wrote are refused by name", async () => {
  const { rehearsal } = rehearse({});
  rehearsal.begin();
  rehearsal.killAt = { write: "made", when: "after" };
  await rehearsal.drive().catch(() => {});
  rehearsal.progress.state = { from: "elsewhere" };
  await refusal(rehearsal.drive());
  expect(rehearsal.progress.cause).toBe("bad_state");
});

test("an error keeps the target's code only where it is one", () => {
  expect(new RotatorError("target_refused", "28P01").targetCode).toBe("28P01");
  expect(new RotatorError("target_refused", 503).targetCode).toBe("503");
  for (const text of ["password is hunter2", "", "x".repeat(33), null, { a: 1 }, 1.5])
    expect(new RotatorError("target_refused", text).targetCode).toBeNull();
});
