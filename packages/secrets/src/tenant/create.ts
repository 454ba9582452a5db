import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { defineVerb } from "../flow/verb.ts";
import { suiteOf } from "../key/suite/algorithm.ts";
import { DEFAULT_ENVIRONMENTS } from "../project/schema.ts";
import { insertProject } from "../project/store.ts";
import { tenantIdIn } from "../region/region.ts";
import { createTenantInput, tenantView } from "./schema.ts";
import { viewTenant } from "./store.ts";

/** Makes a tenant with keys of its own and the project `default` (dev, staging, prod). @throws KeyfoldError `name_taken` */
export const createTenant = defineVerb({
  action: "tenant.create",
  changes: true,
  summary: "Create a tenant",
  input: createTenantInput,
  output: tenantView,
  async run(call, input) {
    const { services, actor } = call;
    if (input.rootKey !== undefined && !services.own.has(input.rootKey))
      throw new KeyfoldError("bad_input", {
        issues: [{ path: "rootKey", message: "is no root key in this server's configuration" }],
      });
    const id = newId(services, input.regions);
    const suite = suiteOf(input.algorithm ?? services.algorithm);
    const keys = await services.keys.make(id, services.clock(), suite, input.rootKey);
    return change(
      call,
      id,
      async (unit) => {
        const [taken] = await unit.query<{ id: string | null }>(
          "SELECT control_plane.find_tenant($1) AS id",
          [input.slug],
        );
        if (taken?.id) throw new KeyfoldError("name_taken");
        const row = services.mac.seal("tenants", id, {
          id,
          slug: input.slug,
          name: input.name ?? input.slug,
          createdAt: unit.now,
          createdBy: { ...actorRef(actor) },
          deletedAt: null,
          purgedAt: null,
          graceSeconds: null,
          algorithm: input.algorithm ?? null,
          generation: 1,
        });
        await unit.sql.tenant.create({ data: row });
        await unit.sql.tenantKey.createMany({ data: keys.keys });
        await unit.sql.keyWrap.createMany({ data: keys.wraps });
        await insertProject(unit, "default", DEFAULT_ENVIRONMENTS);
        const happening = { target: { type: "tenant" as const, id, name: row.slug } };
        unit.record(happening);
        await tellDeployment(unit, happening);
        return viewTenant(row, call.services);
      },
      { tenant: "any" },
    );
  },
});

/** A tenant's id says where it may live. @throws KeyfoldError `bad_input` for regions that there are not, or without this one */
function newId({ regions }: Services, asked: readonly string[] | undefined): string {
  if (asked === undefined) return randomUUID();
  const wrong = (message: string) =>
    new KeyfoldError("bad_input", { issues: [{ path: "regions", message }] });
  if (regions === null) throw wrong("are not known here: there is one region only");
  if (!asked.every((name) => regions.all.includes(name)))
    throw wrong(`name one that is not among ${regions.all.join(", ")}`);
  if (!asked.includes(regions.here)) throw wrong(`leave out ${regions.here}, where this tenant is made`);
  return tenantIdIn(regions.all, asked, regions.here);
}
