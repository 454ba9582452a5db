import { ask } from "../data/asking.ts";
import { toFailure } from "../data/failure.ts";
import { callPeople } from "../data/people.ts";

/**
 * A call that changes how one signs in. Where it is refused for want of a fresh second factor, one is asked for in place,
 * over whatever form is open, and the call runs again.
 * @throws as `callPeople`
 */
export async function callMe<T>(method: "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  try {
    return await callPeople<T>(method, path, body);
  } catch (error) {
    if (toFailure(error).code !== "factor_required" || !(await ask("factor_required"))) throw error;
    return await callPeople<T>(method, path, body);
  }
}
