import { z } from "zod";
import { scopeSchema } from "../access/scope.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { cursorMoment, decodeCursor, encodeCursor } from "../input/page.ts";
import { visiblePage } from "../input/visible-page.ts";
import { listTokensInput, listTokensOutput } from "./schema.ts";
import { maySeeToken, type TokenRow, usesOf, viewToken } from "./store.ts";

/** Service tokens, newest first: those that allow no more than the asker's own. */
export const listTokens = defineVerb({
  action: "token.list",
  changes: false,
  summary: "List service tokens",
  input: listTokensInput,
  output: listTokensOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([cursorMoment, z.uuid()]), input.cursor);
    const after = before === null ? null : { createdAt: new Date(before[0]), id: before[1] };
    const tenantId = await tenantOf(call, input.tenant);
    const { actor } = call;
    return look(call, tenantId, async (unit) => {
      const { page, last } = await visiblePage(
        { after, limit: input.limit },
        async (after: Pick<TokenRow, "createdAt" | "id"> | null, limit) => {
          const rows: TokenRow[] = await unit.sql.serviceToken.findMany({
            where: {
              tenantId,
              ...(after === null
                ? {}
                : {
                    OR: [
                      { createdAt: { lt: after.createdAt } },
                      { createdAt: after.createdAt, id: { lt: after.id } },
                    ],
                  }),
            },
            orderBy: [{ createdAt: "desc" }, { id: "desc" }],
            take: limit,
          });
          for (const row of rows)
            if (row.revokedAt === null) call.services.mac.check("serviceTokens", tenantId, row);
          return rows;
        },
        (row) => maySeeToken(actor, call.action, scopeSchema.parse(row.scope)),
      );
      unit.record({ target: null, details: { count: page.length } });
      const uses = await usesOf(
        unit,
        page.map(({ id }) => id),
      );
      return {
        tokens: page.map((row) => viewToken(row, uses.get(row.id))),
        nextCursor: last === null ? null : encodeCursor([last.createdAt.toISOString(), last.id]),
      };
    });
  },
});
