import type { Metrics } from "../observe/metrics.ts";
import type { AppendOnlyFile } from "./append-only-file.ts";

/** The journal's file, what could not be written counted. */
export function countedSink(
  file: Pick<AppendOnlyFile, "append">,
  metrics: Pick<Metrics, "pushed">,
): Pick<AppendOnlyFile, "append"> {
  return {
    async append(lines) {
      try {
        await file.append(lines);
        metrics.pushed("journal", true);
      } catch (error) {
        metrics.pushed("journal", false);
        throw error;
      }
    },
  };
}
