import type { Outputs } from "../data/trpc.ts";

type Counts = Outputs["audit"]["counts"];

/** The counts of two pages, which are of the same spans. */
export function addCounts(newer: Counts, older: Counts): Counts {
  const spans = newer.spans.map((span, i) => {
    const more = older.spans[i]!;
    return {
      from: span.from,
      events: span.events + more.events,
      reads: span.reads + more.reads,
      refused: span.refused + more.refused,
      failed: span.failed + more.failed,
    };
  });
  // A page on which nothing was left to count moves nothing.
  const [countedFrom = newer.countedFrom] = [older.countedFrom, newer.countedFrom].sort();
  return { ...older, countedFrom, spans };
}
