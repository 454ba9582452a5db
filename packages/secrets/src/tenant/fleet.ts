import { z } from "zod";
import { onDeployment } from "../flow/deployment-change.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { slug } from "../input/text.ts";
import { fleetInput, fleetOutput } from "./schema.ts";

interface FleetRow {
  id: string;
  slug: string;
  name: string;
  present: string[];
}

/** All tenants, and which of the keys that a product needs each lacks: names and whether there is a live one, no more. */
export const fleet = defineVerb({
  action: "tenant.fleet",
  changes: false,
  summary: "Which tenants lack a key that the product needs",
  input: fleetInput,
  output: fleetOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([slug, z.uuid()]), input.cursor);
    const names = [...new Set(input.names)];
    return onDeployment(call, async (unit) => {
      const rows = await unit.query<FleetRow>(
        "SELECT id, slug, name, present FROM control_plane.list_fleet($1::text[], $2, $3, $4, $5::uuid, $6::int, $7::boolean)",
        [
          names,
          input.project,
          input.environment,
          after?.[0] ?? "",
          after?.[1] ?? "00000000-0000-0000-0000-000000000000",
          input.limit + 1,
          input.lacking,
        ],
      );
      const page = rows.slice(0, input.limit);
      const last = page.at(-1);
      unit.record({ target: null, details: { count: page.length, names: names.length } });
      return {
        tenants: page.map(({ id, slug: of, name, present }) => ({
          id,
          slug: of,
          name,
          lacks: names.filter((one) => !present.includes(one)),
        })),
        nextCursor:
          rows.length > input.limit && last !== undefined ? encodeCursor([last.slug, last.id]) : null,
      };
    });
  },
});
