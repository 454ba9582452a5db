import { z } from "zod";
import { messageId } from "../message/id.ts";
import { messageKind } from "../message/kinds.ts";
import { inTenant } from "../tenant/schema.ts";

export const streamInput = z.strictObject({
  ...inTenant,
  /** Named as Server-Sent Events name it: tRPC's links fill it in when they connect again. */
  lastEventId: messageId.nullish().describe("Go on after this one; left out, with what happens from now on."),
  kinds: z.array(messageKind).min(1).max(100).optional().describe("Only these kinds; left out: all."),
});
export type StreamInput = z.output<typeof streamInput>;

/** What a stream says. */
export type StreamItem =
  | {
      /** The first item of every stream. */
      type: "open";
      /** Messages were missed that nobody can tell any more: forget what was remembered of this tenant. */
      reset: boolean;
    }
  | {
      type: "message";
      id: string;
      kind: z.output<typeof messageKind>;
      /** When the change was committed. */
      at: string;
      secretId: string | null;
      projectId: string | null;
      environmentId: string | null;
      name: string | null;
      /** As in a webhook's `data`. */
      data: Record<string, string | number | boolean | null>;
    };
