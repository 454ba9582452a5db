import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import { credentialDigest } from "../token/secret.ts";

/** Failed tries that one address has in a quarter of an hour. */
export const MOST_FAILURES = 10;

/**
 * Counts a try before it is judged, so that any number of them at once count, too. `succeeded` takes it back.
 * @param what an address, or a person's id: whether there is such a person makes no difference
 * @returns how many tries have failed, this one included
 * @throws KeyfoldError `too_many_attempts`
 */
export async function reserveAttempt(
  services: Services,
  { query }: Pick<Transaction, "query">,
  what: string,
) {
  const [row] = await query<{ count: number }>(
    `INSERT INTO control_plane.sign_in_failures AS f (digest, count, since) VALUES ($1::bytea, 1, control_plane.clock())
     ON CONFLICT (digest) DO UPDATE SET
       count = CASE WHEN f.since < control_plane.clock() - interval '15 minutes' THEN 1 ELSE least(f.count, 1000000) + 1 END,
       since = CASE WHEN f.since < control_plane.clock() - interval '15 minutes' THEN control_plane.clock() ELSE f.since END
     RETURNING count`,
    [digestOf(services, what)],
  );
  const { count } = row!;
  if (count > MOST_FAILURES) throw new KeyfoldError("too_many_attempts");
  return count;
}

/** The tries so far are forgotten: this one was right. */
export async function forgetAttempts(
  services: Services,
  { query }: Pick<Transaction, "query">,
  what: string,
) {
  await query("DELETE FROM control_plane.sign_in_failures WHERE digest = $1::bytea", [
    digestOf(services, what),
  ]);
}

/** Takes back one try, which was neither right nor wrong. */
export async function forgiveAttempt(
  services: Services,
  { query }: Pick<Transaction, "query">,
  what: string,
) {
  const digest = digestOf(services, what);
  await query("DELETE FROM control_plane.sign_in_failures WHERE digest = $1::bytea AND count = 1", [digest]);
  await query(
    "UPDATE control_plane.sign_in_failures SET count = count - 1 WHERE digest = $1::bytea AND count > 1",
    [digest],
  );
}

const digestOf = (services: Services, what: string) => credentialDigest(services.tokenKey, "sign-in", what);
