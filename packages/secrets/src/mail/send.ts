import { withDeployment } from "@keyfold/db";
import { describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { findPerson } from "../person/store.ts";
import { openLetter } from "./queue.ts";

const LOT = 20;
/** How long a letter is tried for, in hours; what it links to has mostly ended by then. */
const GIVE_UP_HOURS = 24;

interface Due {
  id: string;
  kind: string;
  sealed: Buffer;
  dek_wrap: Buffer;
  attempts: number;
  old: boolean;
}

/**
 * Sends what is due. A letter is leased while it is on its way (half a minute, then twice as long each time, an hour at
 * most), so a process that is killed loses none; then some are sent twice, which hurts nobody.
 */
export async function sendMails(services: Services, signal: AbortSignal): Promise<"more" | "done"> {
  const { mail, db, log } = services;
  if (mail === null) return "done";
  const due = await again(() =>
    withDeployment(db, ({ query }) =>
      query<Due>(
        `UPDATE control_plane.mails m SET attempts = m.attempts + 1,
                due_at = control_plane.clock() + least(interval '30 seconds' * 2 ^ least(m.attempts, 10), interval '1 hour')
          WHERE m.id IN (SELECT o.id FROM control_plane.mails o WHERE o.due_at <= control_plane.clock()
                          ORDER BY o.due_at LIMIT $1::int FOR UPDATE SKIP LOCKED)
          RETURNING m.id, m.kind, m.sealed, m.dek_wrap, m.attempts,
                    m.created_at < control_plane.clock() - make_interval(hours => $2::int) AS old`,
        [LOT, GIVE_UP_HOURS],
      ),
    ),
  );
  for (const row of due) {
    if (signal.aborted) return "done";
    const problem = row.old ? "too old" : await sent(services, row);
    if (problem === null || problem === "too old")
      await again(() =>
        withDeployment(db, ({ query }) =>
          query("DELETE FROM control_plane.mails WHERE id = $1::uuid", [row.id]),
        ),
      );
    if (problem !== null) log.warn({ code: "mail_failed", problem }, "a mail could not be sent");
  }
  return due.length === LOT ? "more" : "done";
}

/** In a word why a letter was not sent; null: it was. Never with an address or a word of it. */
async function sent(services: Services, row: Due): Promise<string | null> {
  try {
    const { subject, text, ...addressed } = openLetter(services, {
      id: row.id,
      sealed: row.sealed,
      dekWrap: row.dek_wrap,
    });
    const to = "to" in addressed ? addressed.to : await addressOf(services, addressed.person);
    if (to !== null) await services.mail!.send({ to, subject, text });
    return null;
  } catch (error) {
    const { name, code } = describeCause(error) ?? {};
    return String(code ?? name ?? "unknown");
  }
}

/** A person's address; null for who is gone or suspended, and is written to no more. */
async function addressOf(services: Services, id: string): Promise<string | null> {
  const person = await again(() => withDeployment(services.db, (tx) => findPerson(services, tx, { id })));
  return person === null || person.suspendedAt !== null ? null : person.email;
}
