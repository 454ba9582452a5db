import { z } from "zod";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { versionNumber } from "../input/text.ts";
import { loadSecret } from "../secret/load.ts";
import { listVersionsInput, listVersionsOutput } from "./schema.ts";
import { viewVersion } from "./view.ts";

/** A secret's versions, newest first: who, when, why, and in what state. */
export const listVersions = defineVerb({
  action: "version.list",
  changes: false,
  summary: "List a secret's versions (metadata only)",
  input: listVersionsInput,
  output: listVersionsOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([versionNumber]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    return look(call, tenantId, async (unit) => {
      const { secret } = await loadSecret(call, unit.query, tenantId, { id: input.id });
      const rows = await unit.sql.version.findMany({
        where: { tenantId, secretId: secret.id, ...(before === null ? {} : { number: { lt: before[0] } }) },
        orderBy: { number: "desc" },
        take: input.limit + 1,
      });
      const page = rows.slice(0, input.limit);
      // What was ended grants nothing; everything else must be as it was written.
      for (const row of page)
        if (row.state !== "revoked" && row.state !== "destroyed")
          call.services.mac.check("versions", tenantId, row);
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name },
        details: { count: page.length },
      });
      const last = page.at(-1);
      return {
        versions: page.map((row) => viewVersion(row, unit.now)),
        nextCursor: rows.length > input.limit && last !== undefined ? encodeCursor([last.number]) : null,
      };
    });
  },
});
