import { type Connections, withDeployment } from "@keyfold/db";
import { again } from "../../flow/again.ts";
import { onPool } from "../../flow/query.ts";
import { WrapBudget, type WrapLimits } from "./wrap-budget.ts";

type Total = { total: bigint | string | null };
const numberOf = ([row]: Total[]): number | null => (row?.total == null ? null : Number(row.total));

/** The budget of tenants' keys that wrap DEKs; a key is named `TENANT/TERM`. */
export const tenantWraps = (db: Connections, limits: WrapLimits): WrapBudget =>
  new WrapBudget(
    limits,
    async (key, count, most) => {
      const [tenant, term] = key.split("/");
      return numberOf(
        await again(() =>
          onPool(db)<Total>(
            "SELECT control_plane.reserve_wraps($1::uuid, 'value', $2::int, $3::int, $4::bigint) AS total",
            [tenant, Number(term), count, most],
          ),
        ),
      );
    },
    (key) =>
      `This tenant's key has wrapped as many keys as one key safely may. The operator makes another: keyfold keys rotate-tenant ${key.split("/")[0]}`,
  );

/** The budget of root keys that encrypt in this process, by their ids. */
export const rootWraps = (db: Connections, limits: WrapLimits): WrapBudget =>
  new WrapBudget(
    limits,
    async (key, count, most) =>
      numberOf(
        await again(() =>
          withDeployment(db, (tx) =>
            tx.query<Total>("SELECT control_plane.reserve_root_wraps($1, $2::int, $3::bigint) AS total", [
              key,
              count,
              most,
            ]),
          ),
        ),
      ),
    (key) =>
      `The root key ${key} has wrapped as many keys as one key safely may. Rotate to another root key.`,
  );
