import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { defineRotator, type Rotator, RotatorError, SecretValue } from "@keyfold/rotators";
import { z } from "zod";

/** A target that outlives processes: a file with the two values that it knows. */
export function fileTarget(file: string, moment: () => void = () => {}): Rotator {
  const read = () => JSON.parse(readFileSync(file, "utf8")) as string[];
  const write = (values: string[]) => {
    writeFileSync(`${file}.new`, JSON.stringify(values));
    renameSync(`${file}.new`, file);
  };
  /** Something happens before and after each step, such as the end of the process. */
  const around =
    <T, R>(step: (task: T) => Promise<R>) =>
    async (task: T): Promise<R> => {
      moment();
      const result = await step(task);
      moment();
      return result;
    };
  const rotator = defineRotator({
    kind: "file-target",
    title: "A target in a file",
    config: z.strictObject({}),
    state: z.strictObject({}),
    worksAtOnce: () => 2,
    make: async ({ rotation }) => ({
      value: SecretValue.ofText(`not-real-${rotation}-${randomUUID()}`),
      state: {},
    }),
    async set({ pending, current }) {
      const old = (await current())?.unsafelyText();
      write([...read().filter((value) => value === old), (await pending()).unsafelyText()]);
    },
    async test({ pending }) {
      if (!read().includes((await pending()).unsafelyText())) throw new RotatorError("test_failed");
    },
    finish: async () => {},
  });
  return {
    ...rotator,
    make: around(rotator.make),
    set: around(rotator.set),
    test: around(rotator.test),
    finish: around(rotator.finish),
  };
}
