import { z } from "zod";
import { scopeSchema } from "../access/scope.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { cursorMoment, decodeCursor, encodeCursor } from "../input/page.ts";
import { listTokensInput, listTokensOutput } from "./schema.ts";
import { maySeeToken, type TokenRow, usesOf, viewToken } from "./store.ts";

const ROWS_AT_ONCE = 500;

/** Service tokens, newest first: those that allow no more than the asker's own. */
export const listTokens = defineVerb({
  action: "token.list",
  changes: false,
  summary: "List service tokens",
  input: listTokensInput,
  output: listTokensOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([cursorMoment, z.uuid()]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const { actor } = call;
    return look(call, tenantId, async (unit) => {
      const visible: TokenRow[] = [];
      let after = before === null ? null : { createdAt: new Date(before[0]), id: before[1] };
      // Until the page is full of what the asker may see: neither page nor cursor shows that there is more.
      for (let more = true; more && visible.length <= input.limit; ) {
        const rows = await unit.sql.serviceToken.findMany({
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
          take: ROWS_AT_ONCE,
        });
        for (const row of rows) {
          if (row.revokedAt === null) call.services.mac.check("serviceTokens", tenantId, row);
          if (maySeeToken(actor, call.action, scopeSchema.parse(row.scope))) visible.push(row);
        }
        after = rows.at(-1) ?? null;
        more = rows.length === ROWS_AT_ONCE;
      }
      const page = visible.slice(0, input.limit);
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      const uses = await usesOf(
        unit,
        page.map(({ id }) => id),
      );
      return {
        tokens: page.map((row) => viewToken(row, uses.get(row.id))),
        nextCursor:
          visible.length > input.limit && last !== undefined
            ? encodeCursor([last.createdAt.toISOString(), last.id])
            : null,
      };
    });
  },
});
