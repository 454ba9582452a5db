import { z } from "zod";
import { authorizeSecret, grantsFor } from "../access/authorize.ts";
import { IN_REACH, reachOf } from "../access/in-reach.ts";
import { lookSql } from "../flow/change.ts";
import type { Happening } from "../flow/event.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { rememberAnswer, warmAnswer } from "../hot/warm-answer.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { isUuid, secretName } from "../input/text.ts";
import { checkPlace, namedPlace, PLACE_COLUMNS, type PlaceRow } from "../place/place.ts";
import { rotationsOf } from "../rotation/policy/summary.ts";
import { listSecretsOutput } from "./detail.ts";
import { SECRET_COLUMNS, type SecretColumns, secretOf } from "./rows.ts";
import { listSecretsInput } from "./schema.ts";
import { viewSecret } from "./view.ts";

const cursorShape = z.tuple([secretName, z.uuid()]);

interface ListRow extends PlaceRow, SecretColumns {
  v_created_at: Date | null;
  v_created_by: unknown;
}

// One query, 12 times as fast as Prisma's four for a page of 100. `$n IS NULL OR …` leaves a filter out.
const SQL = `SELECT ${SECRET_COLUMNS}, ${PLACE_COLUMNS}, v.created_at AS v_created_at, v.created_by AS v_created_by
    FROM control_plane.secrets s
    JOIN control_plane.projects p ON p.tenant_id = s.tenant_id AND p.id = s.project_id AND p.deleted_at IS NULL
    JOIN control_plane.environments e ON e.tenant_id = s.tenant_id AND e.id = s.environment_id AND e.deleted_at IS NULL
    LEFT JOIN control_plane.versions v ON v.tenant_id = s.tenant_id AND v.secret_id = s.id AND v.number = s.current_version
   WHERE s.tenant_id = $1::uuid
     AND CASE WHEN $2::text IS NULL THEN s.state <> 'deleted' ELSE s.state = $2::control_plane.secret_state END
     AND (s.purge_after IS NULL OR s.purge_after > control_plane.clock())
     AND ${IN_REACH("$3")}
     AND ($4::uuid IS NULL OR s.project_id = $4::uuid) AND ($5::text IS NULL OR p.name = $5::text)
     AND ($6::uuid IS NULL OR s.environment_id = $6::uuid) AND ($7::text IS NULL OR e.name = $7::text)
     AND s.name >= $8::text AND ($9::text IS NULL OR s.name < $9::text)
     AND (s.name, s.id) > ($10::text COLLATE "C", $11::uuid)
   ORDER BY s.name, s.id LIMIT $12::int`;

const FIRST = ["", "00000000-0000-0000-0000-000000000000"] as const;

/** Secrets that the actor may see, by name: metadata only, in pages. */
export const listSecrets = defineVerb({
  action: "secret.list",
  changes: false,
  summary: "List secrets (metadata only)",
  input: listSecretsInput,
  output: listSecretsOutput,
  warm: (services, request, input) =>
    warmAnswer<z.output<typeof listSecretsOutput>>(services, "secret.list", request, input, listed),
  remember(call, input, answer) {
    // When a deleted secret leaves its list, and when a rotation is due, the time says and no epoch.
    const timeless = input.state !== "deleted" && answer.secrets.every((one) => one.rotation === null);
    return timeless && rememberAnswer(call, input, answer);
  },
  async run(call, input) {
    const after = decodeCursor(cursorShape, input.cursor) ?? FIRST;
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    const grants = grantsFor(actor, call.action);
    const { project, environment } = input;
    const prefix = input.prefix ?? "";
    // Of one grant with a prefix, the range of names: an index reads it, and nothing else.
    const range = narrower(prefix, grants?.length === 1 ? (grants[0]!.prefix ?? "") : "");
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<ListRow>(SQL, [
        tenantId,
        input.state ?? null,
        reachOf(grants),
        ...idOrName(project),
        ...idOrName(environment),
        range,
        upperBound(range),
        after[0],
        after[1],
        input.limit + 1,
      ]);
      const page = rows.slice(0, input.limit);
      const rotations = await rotationsOf(
        unit,
        page
          .filter((row) => row.s_state !== "deleted")
          .map((row) => ({ id: row.s_id, since: row.s_current_version === null ? null : row.v_created_at })),
      );
      const checked = new Set<string>();
      const secrets = page.map((row) => {
        const secret = secretOf(row);
        authorizeSecret(actor, call.action, secret);
        // One statement saw one row of each place: checked once, and not a hundred times.
        if (!checked.has(row.e_id)) checkPlace(services.mac, tenantId, row);
        checked.add(row.e_id);
        // A deleted one grants nothing; restoring it checks.
        if (secret.state !== "deleted") services.mac.check("secrets", tenantId, secret);
        const current =
          secret.currentVersion === null || row.v_created_at === null
            ? null
            : { number: secret.currentVersion, createdAt: row.v_created_at, createdBy: row.v_created_by };
        return {
          ...viewSecret(secret, namedPlace(row), current),
          rotation: rotations.get(secret.id) ?? null,
        };
      });
      unit.record(listed({ secrets }));
      const last = page.at(-1);
      return {
        secrets,
        nextCursor:
          rows.length > input.limit && last !== undefined ? encodeCursor([last.s_name, last.s_id]) : null,
      };
    });
  },
});

const listed = ({ secrets }: { secrets: readonly unknown[] }): Happening => ({
  target: null,
  details: { count: secrets.length },
});

/** The longer of two prefixes where one begins with the other; else what the caller asked for, of which there is nothing. */
const narrower = (asked: string, granted: string): string => (granted.startsWith(asked) ? granted : asked);

function idOrName(ref: string | undefined): [id: string | null, name: string | null] {
  if (ref === undefined) return [null, null];
  return isUuid(ref) ? [ref, null] : [null, ref];
}

/**
 * The first text, in byte order, that no longer starts with the prefix; null: there is none. A range and not a LIKE:
 * under row-level security a prefix LIKE scans the whole table.
 */
export function upperBound(prefix: string): string | null {
  const points = Array.from(prefix, (char) => char.codePointAt(0)!);
  while (points.length > 0) {
    let next = points.pop()! + 1;
    if (next === 0xd800) next = 0xe000; // surrogates are no characters
    if (next <= 0x10ffff) return String.fromCodePoint(...points, next);
  }
  return null;
}
