import { type Outbound, TargetError } from "@keyfold/outbound";
import type { Sensitive } from "../config/sensitive.ts";
import { StartError } from "../start/start-error.ts";
import type { CheckpointSink } from "./checkpoints.ts";

/**
 * Another machine that keeps checkpoints: each line is posted there, and counts once it was answered with 2xx. What keeps
 * them must add and never replace.
 * @throws StartError for an address that nothing is ever sent to
 */
export function httpsTarget(
  outbound: Pick<Outbound, "check" | "post">,
  url: string,
  token: Sensitive | null,
): CheckpointSink {
  refuseAddress(outbound, "KEYFOLD_CHECKPOINT_URL", url);
  return {
    async append(line) {
      const outcome = await outbound.post({
        url,
        headers: {
          "content-type": "application/jsonl",
          ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
        },
        body: line,
      });
      if ("failure" in outcome) throw new Error(`the checkpoint's target failed: ${outcome.failure}`);
      if (outcome.status < 200 || outcome.status > 299)
        throw new Error(`the checkpoint's target answered ${outcome.status}`);
    },
  };
}

/** @throws StartError that names the setting, for an address that nothing is ever sent to */
export function refuseAddress(outbound: Pick<Outbound, "check">, setting: string, url: string): void {
  try {
    outbound.check(url);
  } catch (error) {
    if (error instanceof TargetError) throw new StartError(`${setting}: ${error.message}`);
    throw error;
  }
}
