import { m } from "../messages.ts";

/** What the panel knows of a call that failed: enough for one honest sentence and for the operator to find it. */
export interface Failure {
  /** The server's stable code, or `unreachable` when no answer of ours came back. */
  code: string;
  sentence: string;
  issues: readonly { path: string; message: string }[];
  correlationId: string | null;
}

const TRANSIENT = new Set([
  "unreachable",
  "busy",
  "conflict",
  "database_unavailable",
  "database_slow",
  "key_unavailable",
]);

/** Reads a tRPC error, a problem answer or anything else; never throws, and never repeats what a stranger wrote. */
export function toFailure(error: unknown): Failure {
  const facts = keyfoldFacts(error);
  if (facts === null)
    return { code: "unreachable", sentence: m.failure.unreachable, issues: [], correlationId: null };
  const code = text(facts.code) ?? "internal";
  return {
    code,
    sentence: inItsWords(code, text(facts.message) ?? text(facts.detail) ?? m.failure.unknown),
    issues: issuesOf(facts.issues ?? facts.errors),
    correlationId: text(facts.correlationId) ?? text(facts.correlation_id),
  };
}

/** Who still uses it is the server's to say; the field of its API by which one insists is nothing that is seen here. */
const inItsWords = (code: string, sentence: string): string =>
  code === "in_use" ? sentence.replace(/[^.]*`force`[^.]*\./, ` ${m.failure.insist}`).trim() : sentence;

/** Whether the same call may well succeed a moment later. */
export function isTransient(failure: Failure): boolean {
  return TRANSIENT.has(failure.code);
}

/** The server's answer to a plain (not tRPC) call, as something `toFailure` can read. */
export class ProblemError extends Error {
  readonly problem: unknown;

  constructor(problem: unknown) {
    super("a call was refused");
    this.problem = problem;
  }
}

function keyfoldFacts(error: unknown): Record<string, unknown> | null {
  if (error instanceof ProblemError) return record(error.problem);
  return record(record(record(error)?.data)?.keyfold);
}

function record(thing: unknown): Record<string, unknown> | null {
  return typeof thing === "object" && thing !== null ? (thing as Record<string, unknown>) : null;
}

function text(thing: unknown): string | null {
  return typeof thing === "string" && thing !== "" ? thing : null;
}

function issuesOf(thing: unknown): Failure["issues"] {
  if (!Array.isArray(thing)) return [];
  return thing.flatMap((item) => {
    const message = text(record(item)?.message);
    return message === null ? [] : [{ path: text(record(item)?.path) ?? "", message }];
  });
}
