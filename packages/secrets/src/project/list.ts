import { z } from "zod";
import { grantsFor } from "../access/authorize.ts";
import type { Reach } from "../access/scope.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { placeName } from "../input/text.ts";
import { listProjectsInput, listProjectsOutput } from "./schema.ts";
import { viewProject } from "./store.ts";

/**
 * What of the projects a grant reaches into. All of them is said in words: Prisma takes an empty condition among
 * alternatives for one that nothing meets.
 */
const projectsOf = ({ projects, environments }: Reach) => ({
  deletedAt: null,
  ...(projects === null ? {} : { id: { in: [...projects] } }),
  ...(environments === null ? {} : { environments: { some: { id: { in: [...environments] } } } }),
});

/** The projects that the actor may see, by name. */
export const listProjects = defineVerb({
  action: "project.list",
  changes: false,
  summary: "List projects",
  input: listProjectsInput,
  output: listProjectsOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([placeName]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const grants = grantsFor(call.actor, call.action);
    return look(call, tenantId, async (unit) => {
      const rows = await unit.sql.project.findMany({
        where: {
          tenantId,
          deletedAt: null,
          ...(grants === null ? {} : { OR: grants.map(projectsOf) }),
          ...(after === null ? {} : { name: { gt: after[0] } }),
        },
        orderBy: { name: "asc" },
        take: input.limit + 1,
      });
      const page = rows.slice(0, input.limit);
      for (const row of page) call.services.mac.check("projects", tenantId, row);
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      return {
        projects: page.map(viewProject),
        nextCursor: rows.length > input.limit && last !== undefined ? encodeCursor([last.name]) : null,
      };
    });
  },
});
