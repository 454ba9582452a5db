import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "./test-database.ts";

test("a suite gets the project's own schema, under an application role that only has the groups", async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT current_user AS who, to_regclass('control_plane.tenants') IS NOT NULL AS migrated,
              pg_has_role('keyfold_tenant', 'USAGE') AS tenant,
              pg_has_role('keyfold_deployment', 'USAGE') AS deployment,
              pg_has_role('keyfold_deployment', 'SET') AS may_become_deployment,
              pg_has_role('keyfold_owner', 'MEMBER') AS owner`,
    );
    expect(rows).toEqual([
      {
        who: "keyfold",
        migrated: true,
        tenant: true,
        deployment: false,
        may_become_deployment: true,
        owner: false,
      },
    ]);
  } finally {
    await client.end();
  }
  await database.drop();
});
