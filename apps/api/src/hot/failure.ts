import { requestNotes } from "../http/request-notes.ts";

/** Why a warm read failed, and under which id the log and the audit log know it. */
export interface HotFailure {
  error: unknown;
  correlationId: string;
}

const failures = requestNotes<HotFailure>();

/** Notes why a warm read failed: then the app answers, in the words of REST or tRPC, and reads nothing again. */
export const noteHotFailure = failures.note;

/** Why this request's warm read failed; undefined: it did not, or there was none. */
export const hotFailureOf = failures.of;
