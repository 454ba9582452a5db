const DAY_MS = 86_400_000;

/** How long before a secret is due, or its value ends, somebody is reminded who has to do something; in days. */
const AHEAD = [14, 3, 0];
/** And how often after that, until it is done. */
const AGAIN_DAYS = 7;
/** What rotates by itself has so long before somebody hears that it did not. */
const SLACK_MS = DAY_MS;

/**
 * When somebody is reminded next.
 * @param due when it shall be rotated, or its value ends
 * @param automatic whether it rotates by itself: then nobody has to hear of it before it is late
 * @param after strictly later than this
 */
function nextReminder(due: Date, automatic: boolean, after: Date): Date {
  const first = automatic ? [due.getTime() + SLACK_MS] : AHEAD.map((days) => due.getTime() - days * DAY_MS);
  const ahead = first.find((at) => at > after.getTime());
  if (ahead !== undefined) return new Date(ahead);
  const last = first.at(-1)!;
  const rounds = Math.floor((after.getTime() - last) / (AGAIN_DAYS * DAY_MS)) + 1;
  return new Date(last + rounds * AGAIN_DAYS * DAY_MS);
}

/** The earlier of what can be reminded of: a rotation, and the end of a value. */
export function nextOf(
  policy: { rotator: string | null; expiresAt: Date | null },
  due: Date | null,
  after: Date,
): Date | null {
  const moments = [
    ...(due === null ? [] : [nextReminder(due, policy.rotator !== null, after)]),
    ...(policy.expiresAt === null ? [] : [nextReminder(policy.expiresAt, false, after)]),
  ];
  return moments.length === 0 ? null : new Date(Math.min(...moments.map((at) => at.getTime())));
}
