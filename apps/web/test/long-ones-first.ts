import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** How many bytes a file of tests has whose tests take long: what it does in the browser takes lines. */
const LONG = 11_500;

/**
 * Files in an order drawn from the seed, the long ones before the others: a long one that came last would keep one core
 * busy alone.
 */
export class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { seed } = this.ctx.config.sequence;
    const drawn = files.map((file) => ({
      file,
      isLong: statSync(file.moduleId).size > LONG,
      lot: createHash("sha256").update(`${seed} ${file.moduleId}`).digest("hex"),
    }));
    drawn.sort((a, b) => Number(b.isLong) - Number(a.isLong) || (a.lot < b.lot ? -1 : 1));
    return drawn.map(({ file }) => file);
  }
}
