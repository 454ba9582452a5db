import { withDeployment } from "@keyfold/db";
import { asKeyfoldError, describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { change } from "../flow/change.ts";
import { databaseError } from "../flow/database-error.ts";
import { iso } from "../input/stored.ts";
import { tell } from "../message/tell.ts";

interface Due {
  tenant_id: string;
  token_id: string;
  days: number;
}

const LOT = 200;

/**
 * Tells of tokens that end within 14, 3 or 1 days, each time once: an event in the tenant's audit log, and a message to
 * its webhooks and streams. One that another has replaced ends as it was meant to, and nobody is reminded.
 */
export async function remindOfExpiry(call: Call): Promise<"more" | "done"> {
  const due = await again(() =>
    withDeployment(call.services.db, (tx) =>
      tx.query<Due>("SELECT * FROM control_plane.due_token_reminders($1::int)", [LOT]),
    ),
  );
  let told = 0;
  for (const one of due) if (await remind(call, one)) told++;
  // What could not be told stays due: with nothing else left, the next run is soon enough.
  return told > 0 && due.length === LOT ? "more" : "done";
}

async function remind(call: Call, { tenant_id: tenantId, token_id: id, days }: Due): Promise<boolean> {
  try {
    await change(
      call,
      tenantId,
      async (unit) => {
        const noted = await unit.query(
          `INSERT INTO control_plane.token_notes AS n (tenant_id, token_id, reminded) VALUES ($1::uuid, $2::uuid, $3)
           ON CONFLICT (tenant_id, token_id) DO UPDATE SET reminded = excluded.reminded
             WHERE n.reminded IS NULL OR n.reminded > excluded.reminded
           RETURNING 1`,
          [tenantId, id, days],
        );
        if (noted.length === 0) return; // another process was faster
        const row = await unit.sql.serviceToken.findUniqueOrThrow({
          where: { tenantId_id: { tenantId, id } },
        });
        unit.record({
          action: "token.expiring",
          target: { type: "token", id, name: row.name },
          details: { expiresAt: iso(row.expiresAt), days },
        });
        tell(unit, "token.expiring", null, {
          token_id: id,
          token_name: row.name,
          hint: row.hint,
          expires_at: iso(row.expiresAt),
          days,
        });
      },
      { raise: false },
    );
    return true;
  } catch (error) {
    const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
    call.services.log.error(
      { code, tenant: tenantId, token: id, cause: describeCause(cause) },
      "a token's end could not be told of",
    );
    return false;
  }
}
