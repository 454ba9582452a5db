import { withDeployment } from "@keyfold/db";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";

/** Rows that go in one statement: few enough that nobody waits for its locks. */
const LOT = 1000;

/** Calls one of the database's cleaning functions once. @param call the function, with `$1::int` for how many at most */
export async function cleaned({ db }: Services, call: string): Promise<"more" | "done"> {
  const [row] = await again(() =>
    withDeployment(db, (tx) => tx.query<{ gone: number }>(`SELECT ${call} AS gone`, [LOT])),
  );
  return row!.gone < LOT ? "done" : "more";
}
