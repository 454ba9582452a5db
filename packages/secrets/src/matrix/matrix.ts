import { z } from "zod";
import { authorizePlace, grantsFor } from "../access/authorize.ts";
import { IN_REACH, reachOf } from "../access/in-reach.ts";
import { KeyfoldError } from "../error.ts";
import { lookSql, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { secretName } from "../input/text.ts";
import {
  checkPlace,
  type NamedPlace,
  namedPlace,
  PLACE_COLUMNS,
  type PlaceRow,
  placeRefOf,
} from "../place/place.ts";
import { upperBound } from "../secret/list.ts";
import { cellsOf, type FoundCell } from "./cells.ts";
import { matrixInput, matrixOutput } from "./schema.ts";

const cursorShape = z.tuple([secretName]);

const PLACES = `SELECT ${PLACE_COLUMNS} FROM control_plane.environments e
    JOIN control_plane.projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id AND p.deleted_at IS NULL
   WHERE e.tenant_id = $1::uuid AND e.deleted_at IS NULL AND (p.id = $2::uuid OR p.name = $3::text)
   ORDER BY e.name, e.id`;

const NAMES = `SELECT DISTINCT s.name FROM control_plane.secrets s
   WHERE s.tenant_id = $1::uuid AND s.project_id = $2::uuid AND s.environment_id = ANY ($3::uuid[]) AND s.state <> 'deleted'
     AND ${IN_REACH("$4")}
     AND s.name >= $5::text AND ($6::text IS NULL OR s.name < $6::text) AND s.name > $7::text COLLATE "C"
   ORDER BY s.name LIMIT $8::int`;

/**
 * A project's names against its environments: where each is set, what its rotation policy says of it, and which values
 * are the same. Equality is told by the tenant's keyed digests, among values that the caller may read, and no value is
 * opened. Names in pages; environments that are out of reach are no columns.
 */
export const secretMatrix = defineVerb({
  action: "secret.list",
  changes: false,
  summary: "Compare a project's environments, name by name",
  input: matrixInput,
  output: matrixOutput,
  async run(call, input) {
    const after = decodeCursor(cursorShape, input.cursor)?.[0] ?? "";
    const tenantId = await tenantOf(call, input.tenant);
    const prefix = input.prefix ?? "";
    return lookSql(call, tenantId, async (unit) => {
      const places = await placesOf(unit, input.project);
      const { project } = places[0]!;
      const environments = places.map(({ environment }) => environment);
      const ids = environments.map(({ id }) => id);
      const found = await unit.query<{ name: string }>(NAMES, [
        tenantId,
        project.id,
        ids,
        reachOf(grantsFor(call.actor, call.action)),
        prefix,
        upperBound(prefix),
        after,
        input.limit + 1,
      ]);
      const names = found.slice(0, input.limit).map(({ name }) => name);
      const cells = names.length === 0 ? [] : await cellsOf(unit, unit.query, ids, names);
      unit.record({ target: null, details: { count: names.length, environments: ids.length } });
      return {
        project,
        environments,
        rows: rowsOf(names, ids, cells),
        nextCursor: found.length > input.limit ? encodeCursor([names.at(-1)!]) : null,
      };
    });
  },
});

/** The project's environments in reach. @throws KeyfoldError `not_found` where there is none */
async function placesOf(unit: Unit, project: string | undefined): Promise<NamedPlace[]> {
  const { actor, action, services } = unit.call;
  const ref = placeRefOf(actor, { project, environment: "any" });
  const rows = await unit.query<PlaceRow>(PLACES, [unit.tenantId, ref.projectId, ref.projectName]);
  const places = rows.flatMap((row) => {
    try {
      authorizePlace(actor, action, { projectId: row.p_id, environmentId: row.e_id });
    } catch {
      return [];
    }
    checkPlace(services.mac, unit.tenantId, row);
    return namedPlace(row);
  });
  if (places.length === 0) throw new KeyfoldError("not_found");
  return places;
}

function rowsOf(names: readonly string[], ids: readonly string[], cells: readonly FoundCell[]) {
  const byName = Map.groupBy(cells, ({ name }) => name);
  return names.flatMap((name) => {
    const row = byName.get(name);
    if (row === undefined) return []; // renamed or deleted meanwhile
    const term = commonTerm(row);
    const known = row.flatMap(({ digest }) => (digest === null || digest.term !== term ? [] : [digest.hex]));
    const digests = [...new Set(known)];
    return {
      name,
      tags: [...new Set(row.flatMap(({ tags }) => Object.entries(tags).map(sayTag)))].sort(),
      consumers: [...new Set(row.flatMap(({ consumers }) => consumers))].sort(),
      cells: ids.map((id) => {
        const one = row.find(({ environmentId }) => environmentId === id);
        if (one === undefined) return null;
        const told = one.digest !== null && one.digest.term === term;
        return { ...one.cell, same: told ? digests.indexOf(one.digest!.hex) : null };
      }),
    };
  });
}

/**
 * The term that most of a row's digests are under, the newest of several. Digests of two terms say nothing of each other,
 * neither that values are the same nor that they differ.
 */
function commonTerm(row: readonly FoundCell[]): number | null {
  const counts = new Map<number, number>();
  for (const { digest } of row)
    if (digest !== null) counts.set(digest.term, (counts.get(digest.term) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, o]) => o - n || b - a)[0]?.[0] ?? null;
}

const sayTag = ([key, text]: [string, string]): string => (text === "" ? key : `${key}: ${text}`);
