import { defineRotator, type Rotator, RotatorError, SecretValue } from "@keyfold/rotators";
import { z } from "zod";

/** A target in memory that knows two values, can be down, can lose an answer, and can refuse what was set. */
export class FakeTarget {
  readonly values = new Set<string>();
  down = false;
  loseAnswer = false;
  refusesNew = false;
  /** Where set, `set` waits for it. */
  hold: Promise<void> | null = null;
  /** Whether one waits. */
  holding = false;
  readonly said: string[] = [];
  #made = 0;

  rotator(): Rotator {
    const reach = () => {
      if (this.down) throw new RotatorError("target_unavailable", "ECONNREFUSED");
    };
    return defineRotator({
      kind: "fake-target",
      title: "A target in memory",
      config: z.strictObject({ login: z.strictObject({ $secret: z.uuid() }).optional() }),
      state: z.strictObject({ slot: z.int() }),
      worksAtOnce: () => 2,
      make: async (task) => {
        if (task.config.login !== undefined) await task.credential(task.config.login);
        const value = SecretValue.ofText(`fake-not-real-${++this.#made}-${task.rotation}`);
        return { value, state: { slot: this.#made % 2 } };
      },
      set: async ({ pending, current, state }) => {
        reach();
        const [text, old] = [(await pending()).unsafelyText(), (await current())?.unsafelyText()];
        if (this.hold !== null) {
          this.holding = true;
          await this.hold;
        }
        this.said.push(`set ${state.slot}`);
        for (const value of this.values) if (value !== old) this.values.delete(value);
        this.values.add(text);
        if (this.loseAnswer) {
          this.loseAnswer = false;
          throw new RotatorError("target_unavailable", "ECONNRESET");
        }
      },
      test: async ({ pending }) => {
        reach();
        if (this.refusesNew || !this.values.has((await pending()).unsafelyText()))
          throw new RotatorError("test_failed", "28P01");
      },
      undo: async ({ pending, current }) => {
        reach();
        const old = (await current())?.unsafelyText();
        const text = (await pending()).unsafelyText();
        if (text !== old) this.values.delete(text);
        this.said.push("undo");
      },
      cleanUp: async ({ state, stillOpen }) => {
        reach();
        this.said.push(`clean ${state.slot}, open ${stillOpen.map(({ slot }) => slot).sort()}`);
      },
    });
  }
}
