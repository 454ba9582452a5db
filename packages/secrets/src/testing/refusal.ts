import { TRPCError } from "@trpc/server";
import { type ErrorCode, KeyfoldError } from "../error.ts";

/** The code of the error that a call ends with, or "allowed". What is no error of ours is thrown on. */
export async function codeOf(call: Promise<unknown>): Promise<ErrorCode | "allowed"> {
  try {
    await call;
    return "allowed";
  } catch (error) {
    return keyfoldError(error).code;
  }
}

/** The error that a call ends with, as ours; tRPC wraps it. @throws Error when the call succeeds */
export async function refusalOf(call: Promise<unknown>): Promise<KeyfoldError> {
  let value: unknown;
  try {
    value = await call;
  } catch (error) {
    return keyfoldError(error);
  }
  throw new Error(`the call was allowed: ${JSON.stringify(value)?.slice(0, 200)}`);
}

/** tRPC wraps our errors; what is none of ours is thrown on. */
export function keyfoldError(error: unknown): KeyfoldError {
  if (error instanceof KeyfoldError) return error;
  if (error instanceof TRPCError && error.cause instanceof KeyfoldError) return error.cause;
  throw error;
}
