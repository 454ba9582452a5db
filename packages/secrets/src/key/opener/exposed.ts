import { z } from "zod";
import { KeyfoldError } from "../../error.ts";
import { onDeployment } from "../../flow/deployment-change.ts";
import { defineVerb } from "../../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../../input/page.ts";
import { exposedInput, exposedOutput } from "../schema.ts";

interface Row {
  tenant_id: string;
  slug: string;
  secret_id: string;
  name: string;
  number: number;
  state: string;
}

const NOBODY = "00000000-0000-0000-0000-000000000000";

/** The values that a removed opener could open until it was removed, by reference: rotate them where they are used. */
export const listExposed = defineVerb({
  action: "key.list_exposed",
  changes: false,
  summary: "List the values that a removed opener could open",
  input: exposedInput,
  output: exposedOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([z.uuid(), z.uuid(), z.int()]), input.cursor) ?? [NOBODY, NOBODY, 0];
    return onDeployment(call, async (unit) => {
      const job = await unit.sql.keyJob.findFirst({ where: { id: input.job, kind: "remove_opener" } });
      if (job === null) throw new KeyfoldError("not_found");
      const rows = await unit.query<Row>(
        "SELECT * FROM control_plane.list_exposed($1::int, $2::uuid, $3::uuid, $4::int, $5::int)",
        [job.number, ...after, input.limit + 1],
      );
      const page = rows.slice(0, input.limit);
      unit.record({ target: { type: "key", id: job.opener, name: null }, details: { count: page.length } });
      const last = page.at(-1);
      return {
        opener: job.opener!,
        exposed: page.map((row) => ({
          tenantId: row.tenant_id,
          tenant: row.slug,
          secretId: row.secret_id,
          name: row.name,
          version: row.number,
          state: row.state,
        })),
        nextCursor:
          rows.length > input.limit && last !== undefined
            ? encodeCursor([last.tenant_id, last.secret_id, last.number])
            : null,
      };
    });
  },
});
