/** One figure beside its baseline, from the same run: what a row of the results says. */
export interface Row {
  what: string;
  /** How often per second. */
  rate: number;
  /** What it is held against, and how often per second that ran. */
  baseline: string;
  baselineRate: number;
  /** How many milliseconds all but one in a hundred took at most, of each. */
  p99?: readonly [ours: number, baseline: number];
}

/**
 * Runs two synchronous pieces of work in turn, A B A B …, so that a machine whose speed drifts slows both, and gives
 * the median rate of each.
 * @param sliceMs how long each turn lasts
 * @param batch how often the work is done between two looks at the clock
 */
export function inTurn(
  a: () => void,
  b: () => void,
  { rounds = 7, sliceMs = 150, batch = 20 } = {},
): [a: number, b: number] {
  const rates: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round++) {
    for (const [index, work] of [a, b].entries()) {
      const started = performance.now();
      let count = 0;
      while (performance.now() - started < sliceMs) {
        for (let i = 0; i < batch; i++) work();
        count += batch;
      }
      // The first round warms up.
      if (round >= 0) rates[index]!.push((count * 1000) / (performance.now() - started));
    }
  }
  return [median(rates[0]), median(rates[1])];
}

/** `inTurn` for work that is waited for. */
export async function inTurnAsync(
  a: () => Promise<unknown>,
  b: () => Promise<unknown>,
  { rounds = 7, sliceMs = 150 } = {},
): Promise<[a: number, b: number]> {
  const rates: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round++) {
    for (const [index, work] of [a, b].entries()) {
      const started = performance.now();
      let count = 0;
      while (performance.now() - started < sliceMs) {
        for (let i = 0; i < 20; i++) await work();
        count += 20;
      }
      if (round >= 0) rates[index]!.push((count * 1000) / (performance.now() - started));
    }
  }
  return [median(rates[0]), median(rates[1])];
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((x, y) => x - y);
  return sorted[sorted.length >> 1]!;
}

/** Rows as a Markdown table. */
export function table(rows: readonly Row[]): string {
  const number = (n: number) => (n < 100 ? n.toFixed(1) : Math.round(n).toLocaleString("en-US"));
  const tails = rows.some((r) => r.p99 !== undefined);
  const tail = ({ p99 }: Row) => (p99 === undefined ? " |" : ` ${p99[0]} beside ${p99[1]} ms |`);
  return [
    `| what | per second | beside | per second | ratio |${tails ? " p99 |" : ""}`,
    `| --- | ---: | --- | ---: | ---: |${tails ? " ---: |" : ""}`,
    ...rows.map(
      (r) =>
        `| ${r.what} | ${number(r.rate)} | ${r.baseline} | ${number(r.baselineRate)} | ${(r.rate / r.baselineRate).toFixed(2)} |${tails ? tail(r) : ""}`,
    ),
  ].join("\n");
}
