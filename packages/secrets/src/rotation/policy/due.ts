import { z } from "zod";
import { authorizeSecret, grantsFor } from "../../access/authorize.ts";
import { IN_REACH, reachOf } from "../../access/in-reach.ts";
import { lookSql, type Unit } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../../input/page.ts";
import { checkPlace, type NamedPlace, namedPlace, PLACE_COLUMNS, type PlaceRow } from "../../place/place.ts";
import {
  SECRET_COLUMNS,
  type SecretColumns,
  secretOf,
  VERSION_COLUMNS,
  type VersionRow,
} from "../../secret/rows.ts";
import { dueInput, dueOutput, type PolicyView } from "./schema.ts";
import { POLICY_COLUMNS, type PolicyRow, viewPolicy } from "./store.ts";

const DAY_MS = 86_400_000;
/** Policies that one page looks through at most: what is not due is passed over. */
const LOOKED_AT = 2_000;

const cursorShape = z.tuple([z.uuid()]);

type Row = SecretColumns & PolicyRow & { phase: string | null };

/**
 * What is due for rotation, will be within so many days, or does not get on; and values that end. In the order of the
 * secrets' ids, page by page: a page can be empty and have a next one.
 */
export const dueRotations = defineVerb({
  action: "rotation.due",
  changes: false,
  summary: "List secrets that are due for rotation, or overdue",
  input: dueInput,
  output: dueOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const after = decodeCursor(cursorShape, input.cursor)?.[0] ?? null;
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<Row>(
        `SELECT ${SECRET_COLUMNS}, s.project_id AS p_id, s.environment_id AS e_id, ${POLICY_COLUMNS}, r.phase
           FROM control_plane.rotation_policies p
           JOIN control_plane.secrets s ON s.tenant_id = p.tenant_id AND s.id = p.secret_id AND s.state <> 'deleted'
           LEFT JOIN control_plane.rotations r ON r.tenant_id = p.tenant_id AND r.secret_id = p.secret_id AND r.finished_at IS NULL
          WHERE p.tenant_id = $1::uuid AND ${IN_REACH("$4")} AND (p.schedule IS NOT NULL OR p.expires_at IS NOT NULL OR r.phase IS NOT NULL) AND ($2::uuid IS NULL OR p.secret_id > $2::uuid)
          ORDER BY p.secret_id LIMIT $3::int`,
        // What is out of reach is not looked through: the cursor is a secret in reach.
        [tenantId, after, LOOKED_AT, reachOf(grantsFor(call.actor, call.action))],
      );
      const until = new Date(unit.now.getTime() + input.within * DAY_MS);
      const due: Omit<z.input<typeof dueOutput>["due"][number], "project" | "environment">[] = [];
      const environments: string[] = [];
      let last: string | null = null;
      const currents = await currentVersions(
        unit,
        rows.map((row) => row.s_id),
      );
      for (const row of rows) {
        if (due.length === input.limit) break;
        last = row.s_id;
        const secret = secretOf(row);
        authorizeSecret(call.actor, call.action, secret);
        call.services.mac.check("secrets", tenantId, secret);
        call.services.mac.check("rotationPolicies", tenantId, row);
        const version = currents.get(secret.id) ?? null;
        const {
          rotator,
          schedule: _,
          setAt: __,
          setBy: ___,
          ...view
        } = viewPolicy(row, {
          secret,
          version,
          now: unit.now,
        });
        const state = stateOf(view, row.phase, until);
        if (state === null) continue;
        due.push({ ...view, rotator: rotator?.kind ?? null, state });
        environments.push(secret.environmentId);
      }
      const places = await namesOf(unit, environments);
      unit.record({ target: null, details: { within: input.within, listed: due.length } });
      const more = last !== null && (last !== rows.at(-1)!.s_id || rows.length === LOOKED_AT);
      const named = due.map((one, i) => ({ ...one, ...places.get(environments[i]!)! }));
      return { due: named, nextCursor: more ? encodeCursor([last!]) : null };
    });
  },
});

async function currentVersions(unit: Unit, secrets: readonly string[]): Promise<Map<string, VersionRow>> {
  const rows = await unit.query<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM control_plane.versions v
      WHERE v.tenant_id = $1::uuid AND v.secret_id = ANY($2::uuid[]) AND v.state = 'current'`,
    [unit.tenantId, secrets],
  );
  for (const row of rows) unit.call.services.mac.check("versions", unit.tenantId, row);
  return new Map(rows.map((row) => [row.secretId, row]));
}

/** The environments' names and their projects', by the environment's id. */
async function namesOf(unit: Unit, environments: readonly string[]): Promise<Map<string, NamedPlace>> {
  const rows = await unit.query<PlaceRow>(
    `SELECT ${PLACE_COLUMNS} FROM control_plane.environments e
       JOIN control_plane.projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
      WHERE e.tenant_id = $1::uuid AND e.id = ANY($2::uuid[])`,
    [unit.tenantId, [...new Set(environments)]],
  );
  for (const row of rows) checkPlace(unit.call.services.mac, unit.tenantId, row);
  return new Map(rows.map((row) => [row.e_id, namedPlace(row)]));
}

function stateOf(
  view: Pick<PolicyView, "nextRotationAt" | "expiresAt" | "due" | "overdue" | "expired">,
  phase: string | null,
  until: Date,
) {
  if (phase !== null) return phase === "failed" || phase === "undo" ? "failed" : "running";
  if (view.expired) return "expired";
  if (view.due) return view.overdue ? "overdue" : "due";
  const soon = (at: string | null) => at !== null && new Date(at) <= until;
  if (soon(view.nextRotationAt)) return "coming";
  return soon(view.expiresAt) ? "expiring" : null;
}
