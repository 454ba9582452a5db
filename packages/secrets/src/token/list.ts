import { z } from "zod";
import { isWithin, scopeSchema } from "../access/scope.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { listTokensInput, listTokensOutput } from "./schema.ts";
import { viewToken } from "./store.ts";

/** Service tokens, newest first: those that allow no more than the asker's own. */
export const listTokens = defineVerb({
  action: "token.list",
  changes: false,
  summary: "List service tokens",
  input: listTokensInput,
  output: listTokensOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([z.iso.datetime(), z.uuid()]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const { actor } = call;
    return look(call, tenantId, async (unit) => {
      const rows = await unit.sql.serviceToken.findMany({
        where: {
          tenantId,
          ...(before === null
            ? {}
            : {
                OR: [
                  { createdAt: { lt: new Date(before[0]) } },
                  { createdAt: new Date(before[0]), id: { lt: before[1] } },
                ],
              }),
        },
        orderBy: [{ createdAt: "desc" }, { id: "desc" }],
        take: input.limit + 1,
      });
      const page = rows.slice(0, input.limit);
      const visible = page.filter((row) => {
        if (row.revokedAt === null) call.services.mac.check("serviceTokens", tenantId, row);
        return actor.type === "operator" || isWithin(scopeSchema.parse(row.scope), actor.scope);
      });
      unit.record({ target: null, details: { count: visible.length } });
      const last = page.at(-1);
      return {
        tokens: visible.map(viewToken),
        nextCursor:
          rows.length > input.limit && last !== undefined
            ? encodeCursor([last.createdAt.toISOString(), last.id])
            : null,
      };
    });
  },
});
