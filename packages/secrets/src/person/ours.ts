import { type Transaction, withDeployment } from "@keyfold/db";
import { asKeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import { databaseError } from "../flow/database-error.ts";
import type { Services } from "../flow/services.ts";

/** Runs what a person asked for; what lost a race runs again, and only our errors come out. @throws KeyfoldError */
export async function ours<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await again(work);
  } catch (error) {
    throw asKeyfoldError(databaseError(error) ?? error);
  }
}

/** `ours` in one transaction over people, who are the deployment's and no tenant's. @throws KeyfoldError */
export function withPeople<T>(
  { db }: Pick<Services, "db">,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return ours(() => withDeployment(db, work));
}
