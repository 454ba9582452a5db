import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";

const besideTheProject = fileURLToPath(new URL("../../../../../shared/vectors", import.meta.url));

/**
 * A file of test vectors from elsewhere: from the folder that KEYFOLD_VECTORS names, else from `../shared/vectors`
 * beside the project. Where there is none the test says that it was skipped; in CI (where `CI` is set) it fails.
 */
export function sharedVectors<T>(context: TestContext, file: string): T {
  const folder = process.env.KEYFOLD_VECTORS ?? besideTheProject;
  const path = join(folder, file);
  if (!existsSync(path)) {
    const sentence = `no ${file} in the folder that KEYFOLD_VECTORS names, nor in ../shared/vectors`;
    if (process.env.CI) throw new Error(`${sentence}: CI must have the vectors`);
    context.skip(sentence);
  }
  return JSON.parse(readFileSync(path, "utf8")) as T;
}
