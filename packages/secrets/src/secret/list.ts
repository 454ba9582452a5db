import { z } from "zod";
import { authorizePlace } from "../access/authorize.ts";
import { look } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { isUuid } from "../input/text.ts";
import { listSecretsInput, listSecretsOutput } from "./schema.ts";
import { viewSecret } from "./view.ts";

const cursorShape = z.tuple([z.string(), z.uuid()]);

/** Secrets that the actor may see, by name: metadata only, in pages. */
export const listSecrets = defineVerb({
  action: "secret.list",
  changes: false,
  summary: "List secrets (metadata only)",
  input: listSecretsInput,
  output: listSecretsOutput,
  async run(call, input) {
    const after = decodeCursor(cursorShape, input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, services } = call;
    return look(call, tenantId, async (unit) => {
      const scope = actor.type === "service_token" ? actor.scope : null;
      const rows = await unit.sql.secret.findMany({
        where: {
          tenantId,
          state: input.state ?? { not: "deleted" },
          AND: [
            scope?.projects ? { projectId: { in: scope.projects } } : {},
            scope?.environments ? { environmentId: { in: scope.environments } } : {},
            input.project === undefined
              ? {}
              : isUuid(input.project)
                ? { projectId: input.project }
                : { environment: { project: { name: input.project, deletedAt: null } } },
            input.environment === undefined
              ? {}
              : isUuid(input.environment)
                ? { environmentId: input.environment }
                : { environment: { name: input.environment, deletedAt: null } },
            // A range, not LIKE: under row-level security a prefix LIKE scans the whole table.
            input.prefix === undefined ? {} : { name: { gte: input.prefix, ...upperBound(input.prefix) } },
            after === null
              ? {}
              : { OR: [{ name: { gt: after[0] } }, { name: after[0], id: { gt: after[1] } }] },
          ],
        },
        orderBy: [{ name: "asc" }, { id: "asc" }],
        take: input.limit + 1,
        include: { environment: { include: { project: true } }, versions: { where: { state: "current" } } },
      });
      const page = rows.slice(0, input.limit);
      for (const row of page) {
        authorizePlace(actor, row);
        if (row.state !== "deleted") services.mac.check("secrets", tenantId, row);
      }
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      return {
        secrets: page.map((row) => {
          const { environment } = row;
          const place = {
            project: { id: environment.project.id, name: environment.project.name },
            environment: { id: environment.id, name: environment.name },
          };
          return viewSecret(row, place, row.versions[0] ?? null);
        }),
        nextCursor:
          rows.length > input.limit && last !== undefined ? encodeCursor([last.name, last.id]) : null,
      };
    });
  },
});

/** The first text, in byte order, that no longer starts with the prefix; none above the last code point. */
function upperBound(prefix: string): { lt?: string } {
  const points = Array.from(prefix, (char) => char.codePointAt(0)!);
  while (points.length > 0) {
    let next = points.pop()! + 1;
    if (next === 0xd800) next = 0xe000; // surrogates are no characters
    if (next <= 0x10ffff) return { lt: String.fromCodePoint(...points, next) };
  }
  return {};
}
