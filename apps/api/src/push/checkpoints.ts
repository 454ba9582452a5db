import { type CheckpointProof, encodeCheckpointLine } from "@keyfold/ledger";
import { describeCause, type KeyfoldServer } from "@keyfold/secrets";
import type { Logger } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";

const EVERY_MS = 15_000;

/** Where checkpoints are kept: a line for each, durable when it answers. */
export interface CheckpointSink {
  append(line: string, made: CheckpointProof): Promise<void>;
}

export interface CheckpointsOptions {
  keyfold: Pick<KeyfoldServer, "newestCheckpoint">;
  file: CheckpointSink;
  log: Pick<Logger, "error">;
  metrics: Pick<Metrics, "pushed">;
}

/** One round: pushes the newest checkpoint of the audit log where it is not pushed yet, whoever made it. */
export function pushRound({ keyfold, file, log, metrics }: CheckpointsOptions): () => Promise<void> {
  let pushed: { note: string; heads: Buffer } | null = null;
  return async () => {
    try {
      const newest = await keyfold.newestCheckpoint();
      if (newest === null || newest.note === pushed?.note) return;
      await file.append(encodeCheckpointLine(newest, newest.heads, pushed?.heads ?? null), newest);
      pushed = newest;
      metrics.pushed("checkpoint", true);
    } catch (error) {
      // The next line builds on none that may not be there.
      pushed = null;
      metrics.pushed("checkpoint", false);
      log.error({ cause: describeCause(error) }, "a checkpoint could not be pushed off this machine");
    }
  };
}

/** Pushes checkpoints as they are made. @returns what stops it, once the round under way has ended */
export function pushCheckpoints(options: CheckpointsOptions): { stop(): Promise<void> } {
  const round = pushRound(options);
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= round().finally(() => {
      running = null;
    });
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
      // What was signed a moment ago goes along.
      await round();
    },
  };
}
