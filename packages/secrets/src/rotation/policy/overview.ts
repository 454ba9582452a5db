import { onDeployment } from "../../flow/deployment-change.ts";
import { defineVerb } from "../../flow/verb.ts";
import { overviewInput, overviewOutput } from "./schema.ts";

interface Row {
  tenant_id: string;
  policies: number;
  due: number;
  running: number;
  failed: number;
}

/** How much is due, running and failed in each tenant: numbers, and no tenant's secrets. */
export const rotationOverview = defineVerb({
  action: "rotation.overview",
  changes: false,
  summary: "Count what is due for rotation, tenant by tenant",
  input: overviewInput,
  output: overviewOutput,
  run: (call) =>
    onDeployment(call, async (unit) => {
      const rows = await unit.query<Row>("SELECT * FROM control_plane.count_rotations()", []);
      unit.record({ target: null, details: { tenants: rows.length } });
      return { tenants: rows.map(({ tenant_id, ...counts }) => ({ tenant: tenant_id, ...counts })) };
    }),
});
