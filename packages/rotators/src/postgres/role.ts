import { randomBytes } from "node:crypto";
import type { SecretValue } from "@keyfold/envelope";
import type { Credential } from "../credential.ts";
import { RotatorError } from "../error.ts";
import type { Task } from "../rotator.ts";
import { type Account, readAccount } from "./account.ts";
import type { Reach } from "./reach.ts";
import { scramVerifier } from "./scram.ts";
import { type Session, withSession } from "./session.ts";

type WithAdmin = Pick<Task<{ admin: Credential }>, "config" | "credential" | "signal">;

/** The account that the rotator logs in with. @throws RotatorError `bad_credential` */
export async function adminAccount(task: WithAdmin): Promise<Account> {
  const account = readAccount(await task.credential(task.config.admin));
  if (account === null) throw new RotatorError("bad_credential");
  return account;
}

/** Works as the rotator's account. */
export async function asAdmin<T>(
  task: WithAdmin,
  reach: Reach,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession(await adminAccount(task), { ...reach, signal: task.signal }, work);
}

/**
 * Gives a role a password, by its verifier. The server builds the statement, since ALTER ROLE takes no parameters, and
 * quotes name and verifier itself.
 */
export async function setPassword(session: Session, user: string, password: string): Promise<void> {
  const [row] = await session.query<{ statement: string }>(
    "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text) AS statement",
    [user, await scramVerifier(password)],
  );
  await session.query(row!.statement);
}

/** Gives a role a password that nobody knows: logins end, connections stay. */
export async function forgetPassword(session: Session, user: string): Promise<void> {
  await setPassword(session, user, randomBytes(32).toString("base64url"));
}

/**
 * Logs in with a value, as its reader would.
 * @throws RotatorError `test_failed` where the server refuses the login, or it is somebody else
 */
export async function testLogin(
  value: SecretValue,
  user: string,
  options: Reach & { signal: AbortSignal },
): Promise<void> {
  const account = readAccount(value);
  if (account?.user !== user) throw new RotatorError("test_failed");
  try {
    await withSession(account, options, async (session) => {
      const [row] = await session.query<{ who: string }>("SELECT session_user::text AS who");
      if (row?.who !== user) throw new RotatorError("test_failed");
    });
  } catch (error) {
    // The server was there and did not want it: the value is wrong, and no later try makes it right.
    if (error instanceof RotatorError && !error.passing)
      throw new RotatorError("test_failed", error.targetCode);
    throw error;
  }
}
