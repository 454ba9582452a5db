import { z } from "zod";
import { authorizePlace } from "../access/authorize.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { isUuid, secretName } from "../input/text.ts";
import { checkPlace, namedPlace, PLACE_COLUMNS, type PlaceRow } from "../place/place.ts";
import { SECRET_COLUMNS, type SecretColumns, secretOf } from "./rows.ts";
import { listSecretsInput, listSecretsOutput } from "./schema.ts";
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
     AND ($3::uuid[] IS NULL OR s.project_id = ANY ($3::uuid[]))
     AND ($4::uuid[] IS NULL OR s.environment_id = ANY ($4::uuid[]))
     AND ($5::uuid IS NULL OR s.project_id = $5::uuid) AND ($6::text IS NULL OR p.name = $6::text)
     AND ($7::uuid IS NULL OR s.environment_id = $7::uuid) AND ($8::text IS NULL OR e.name = $8::text)
     AND s.name >= $9::text AND ($10::text IS NULL OR s.name < $10::text)
     AND (s.name, s.id) > ($11::text COLLATE "C", $12::uuid)
   ORDER BY s.name, s.id LIMIT $13::int`;

const FIRST = ["", "00000000-0000-0000-0000-000000000000"] as const;

/** Secrets that the actor may see, by name: metadata only, in pages. */
export const listSecrets = defineVerb({
  action: "secret.list",
  changes: false,
  summary: "List secrets (metadata only)",
  input: listSecretsInput,
  output: listSecretsOutput,
  async run(call, input) {
    const after = decodeCursor(cursorShape, input.cursor) ?? FIRST;
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    const scope = actor.type === "service_token" ? actor.scope : null;
    const { project, environment, prefix = "" } = input;
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<ListRow>(SQL, [
        tenantId,
        input.state ?? null,
        scope?.projects ?? null,
        scope?.environments ?? null,
        ...idOrName(project),
        ...idOrName(environment),
        prefix,
        upperBound(prefix),
        after[0],
        after[1],
        input.limit + 1,
      ]);
      const page = rows.slice(0, input.limit);
      const secrets = page.map((row) => {
        const secret = secretOf(row);
        authorizePlace(actor, secret);
        checkPlace(services.mac, tenantId, row);
        // A deleted one grants nothing; restoring it checks.
        if (secret.state !== "deleted") services.mac.check("secrets", tenantId, secret);
        const current =
          secret.currentVersion === null || row.v_created_at === null
            ? null
            : { number: secret.currentVersion, createdAt: row.v_created_at, createdBy: row.v_created_by };
        return viewSecret(secret, namedPlace(row), current);
      });
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      return {
        secrets,
        nextCursor:
          rows.length > input.limit && last !== undefined ? encodeCursor([last.s_name, last.s_id]) : null,
      };
    });
  },
});

function idOrName(ref: string | undefined): [id: string | null, name: string | null] {
  if (ref === undefined) return [null, null];
  return isUuid(ref) ? [ref, null] : [null, ref];
}

/**
 * The first text, in byte order, that no longer starts with the prefix; null: there is none. A range and not a LIKE:
 * under row-level security a prefix LIKE scans the whole table.
 */
function upperBound(prefix: string): string | null {
  const points = Array.from(prefix, (char) => char.codePointAt(0)!);
  while (points.length > 0) {
    let next = points.pop()! + 1;
    if (next === 0xd800) next = 0xe000; // surrogates are no characters
    if (next <= 0x10ffff) return String.fromCodePoint(...points, next);
  }
  return null;
}
