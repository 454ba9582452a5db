import { z } from "zod";
import { grantsFor } from "../access/authorize.ts";
import type { Reach } from "../access/scope.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { cursorMoment, decodeCursor, encodeCursor } from "../input/page.ts";
import { isUuid } from "../input/text.ts";
import { listEnvironmentsInput, listEnvironmentsOutput } from "./schema.ts";
import { viewEnvironment } from "./store.ts";

/**
 * What of the environments a grant reaches into. All of them is said in words: Prisma takes an empty condition among
 * alternatives for one that nothing meets.
 */
const environmentsOf = ({ projects, environments }: Reach) => ({
  deletedAt: null,
  ...(projects === null ? {} : { projectId: { in: [...projects] } }),
  ...(environments === null ? {} : { id: { in: [...environments] } }),
});

/** The environments that the actor may see, in the order in which they were made. */
export const listEnvironments = defineVerb({
  action: "environment.list",
  changes: false,
  summary: "List environments",
  input: listEnvironmentsInput,
  output: listEnvironmentsOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([cursorMoment, z.uuid()]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const grants = grantsFor(call.actor, call.action);
    return look(call, tenantId, async (unit) => {
      const rows = await unit.sql.environment.findMany({
        where: {
          tenantId,
          deletedAt: null,
          project: {
            deletedAt: null,
            ...(input.project === undefined || isUuid(input.project) ? {} : { name: input.project }),
          },
          AND: [
            input.project !== undefined && isUuid(input.project) ? { projectId: input.project } : {},
            grants === null ? {} : { OR: grants.map(environmentsOf) },
            after === null
              ? {}
              : {
                  OR: [
                    { createdAt: { gt: new Date(after[0]) } },
                    { createdAt: new Date(after[0]), id: { gt: after[1] } },
                  ],
                },
          ],
        },
        orderBy: [{ createdAt: "asc" }, { id: "asc" }],
        take: input.limit + 1,
      });
      const page = rows.slice(0, input.limit);
      for (const row of page) call.services.mac.check("environments", tenantId, row);
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      return {
        environments: page.map(viewEnvironment),
        nextCursor:
          rows.length > input.limit && last !== undefined
            ? encodeCursor([last.createdAt.toISOString(), last.id])
            : null,
      };
    });
  },
});
