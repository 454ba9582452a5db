import { EnvelopeError } from "../error.ts";

/** The code of the EnvelopeError that `work` throws; "opened" where it throws none. Other errors pass through. */
export function refusalOf(work: () => unknown): string {
  try {
    work();
    return "opened";
  } catch (error) {
    if (error instanceof EnvelopeError) return error.code;
    throw error;
  }
}

/** The same for asynchronous work. */
export async function asyncRefusalOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "opened";
  } catch (error) {
    if (error instanceof EnvelopeError) return error.code;
    throw error;
  }
}
