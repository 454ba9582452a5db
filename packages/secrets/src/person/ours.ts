import { asKeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import { databaseError } from "../flow/database-error.ts";

/** Runs what a person asked for; what lost a race runs again, and only our errors come out. @throws KeyfoldError */
export async function ours<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await again(work);
  } catch (error) {
    throw asKeyfoldError(databaseError(error) ?? error);
  }
}
