import type { DestinationStream } from "pino";

/** A destination that can be told to write everything before it returns. */
export interface FlushedDestination extends DestinationStream {
  flushSync(): void;
}

/**
 * Hands lines on once in a turn of the event loop, all of that turn in one piece: pino's own destination takes as long to queue
 * a line as the line took to make. Who ends the process flushes first.
 */
export function inTurns(to: FlushedDestination): FlushedDestination {
  let lines = "";
  const handOn = () => {
    const all = lines;
    lines = "";
    if (all !== "") to.write(all);
  };
  return {
    write(line) {
      if (lines === "") setImmediate(handOn);
      lines += line;
    },
    flushSync() {
      handOn();
      to.flushSync();
    },
  };
}
