import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

/** Skips a test where a program that it runs is missing; in CI, which installs them all, that is a failure. */
export function needs(context: TestContext, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return;
  const sentence = `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`;
  if (process.env.CI) throw new Error(`${sentence}: CI must have ${missing.length === 1 ? "it" : "them"}`);
  context.skip(sentence);
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
