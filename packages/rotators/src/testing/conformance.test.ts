import { SecretValue } from "@keyfold/envelope";
import { expect, test } from "vitest";
import { z } from "zod";
import { RotatorError } from "../error.ts";
import { defineRotator, type RotatorDefinition } from "../rotator.ts";
import { rotatorConformance } from "./conformance.ts";

const config = z.strictObject({});
const state = z.looseObject({});
type Definition = RotatorDefinition<typeof config, typeof state>;

/** A target that knows two values, and a rotator of it with one thing changed. */
function subjectOf(changed: (target: Set<string>) => Partial<Definition>) {
  const target = new Set<string>();
  let made = 0;
  const definition: Definition = {
    kind: "changed",
    title: "A rotator with something changed",
    config,
    state,
    worksAtOnce: () => 2,
    make: async () => ({
      value: SecretValue.ofText(`value-number-${++made}-of-a-test`),
      state: { slot: made % 2 },
    }),
    async set({ pending, current }) {
      const old = (await current())?.unsafelyText();
      for (const value of target) if (value !== old) target.delete(value);
      target.add((await pending()).unsafelyText());
    },
    async test({ pending }) {
      if (!target.has((await pending()).unsafelyText())) throw new RotatorError("test_failed");
    },
  };
  return {
    name: "changed",
    rotator: defineRotator({ ...definition, ...changed(target) }),
    config: {},
    start: async () => {
      target.clear();
      target.add("the-value-at-the-beginning");
      return SecretValue.ofText("the-value-at-the-beginning");
    },
    works: async (value: SecretValue) => target.has(value.unsafelyText()),
  };
}

async function broken(changed: (target: Set<string>) => Partial<Definition>): Promise<string[]> {
  const failed: string[] = [];
  for (const check of rotatorConformance(subjectOf(changed)))
    await check.run().catch(() => failed.push(check.name.replace("changed ", "")));
  return failed;
}

test("a good rotator keeps every promise", async () => {
  expect(await broken(() => ({}))).toEqual([]);
});

test.each<[string, (target: Set<string>) => Partial<Definition>]>([
  ["tests the target and not itself: a value that was not set fails", () => ({ test: async () => {} })],
  [
    "makes another value for each rotation, and leaves the current one at work",
    () => ({ make: async () => ({ value: SecretValue.ofText("always the same"), state: {} }) }),
  ],
  [
    "keeps the current value at work until readers get the new one",
    (target) => ({
      set: async ({ pending }) => {
        target.clear();
        target.add((await pending()).unsafelyText());
      },
    }),
  ],
  [
    "notes no value, and prints none",
    () => {
      let n = 0;
      return {
        make: async () => {
          const text = `noted-value-${++n}-of-a-test`;
          return { value: SecretValue.ofText(text), state: { text } };
        },
      };
    },
  ],
  [
    "can run every step twice",
    (target) => ({
      set: async ({ pending }) => {
        const text = (await pending()).unsafelyText();
        if (target.has(text)) throw new RotatorError("target_refused");
        if (target.size > 1) target.delete([...target][0]!);
        target.add(text);
      },
    }),
  ],
  ["keeps as many values at work as it says", () => ({ worksAtOnce: () => 3 })],
  [
    "takes its settings as plain data, and refuses those that it does not know",
    () => ({ config: z.object({}) as unknown as typeof config }),
  ],
  [
    "goes back: after an undo the current value works, set or not, once or twice",
    (target) => ({ undo: async () => target.clear() }),
  ],
  [
    "ends an old value at the target, late or twice, and never one that is in use",
    (target) => ({ cleanUp: async () => target.clear() }),
  ],
])("a rotator that breaks a promise is told which: %s", async (promise, changed) => {
  expect(await broken(changed)).toContain(promise);
});

test("a definition that has no way back to the old value is refused", async () => {
  const rotator = defineRotator({
    kind: "one-way",
    title: "One way",
    config,
    state,
    worksAtOnce: () => 1,
    make: async () => ({ value: SecretValue.ofText("x"), state: {} }),
    set: async () => {},
    test: async () => {},
  });
  await expect(rotator.make({ config: {} } as never)).rejects.toThrow("has no way back");
});

test.each(["", "UPPER", "two words", "-x", "x--y", "x".repeat(65)])("%j is no kind of rotator", (kind) => {
  const make = async () => ({ value: SecretValue.ofText("x"), state: {} });
  expect(() =>
    defineRotator({ kind, title: "", config, state, worksAtOnce: () => 2, make, test: async () => {} }),
  ).toThrow(TypeError);
});
