import { withDeployment } from "@keyfold/db";
import { asKeyfoldError, describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import { changeSql } from "../flow/change.ts";
import { databaseError } from "../flow/database-error.ts";
import { lockDeleted } from "../secret/deleted/load.ts";
import { purge } from "../secret/deleted/purge.ts";
import { defineJob } from "./define.ts";

const LOT = 200;

/** Purges deleted secrets whose last day is over. Until it comes by they are refused all the same. */
export const purgeSecrets = defineJob({
  name: "secrets.purge",
  everySeconds: 300,
  actions: ["secret.purge"],
  async run({ services, call, signal }) {
    const due = await again(() =>
      withDeployment(services.db, (tx) =>
        tx.query<{ tenant_id: string; secret_id: string }>(
          "SELECT * FROM control_plane.due_purges($1::int)",
          [LOT],
        ),
      ),
    );
    let purged = 0;
    for (const { tenant_id: tenant, secret_id: id } of due) {
      if (signal.aborted) break;
      try {
        // What was deleted is read by nobody, from wherever: there is nothing to forget.
        await changeSql(
          call("secret.purge"),
          tenant,
          async (unit) => {
            const secret = await lockDeleted(unit, id);
            if (secret !== null) await purge(unit, secret, null);
          },
          { raise: false },
        );
        purged++;
      } catch (error) {
        const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
        services.log.error(
          { code, tenant, secret: id, cause: describeCause(cause) },
          "a secret could not be purged",
        );
      }
    }
    return purged > 0 && due.length === LOT ? "more" : "done";
  },
});
