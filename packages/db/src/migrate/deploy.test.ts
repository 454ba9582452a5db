import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { clearAbandoned } from "../embedded/abandoned.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/start.ts";
import { deployMigrations } from "./deploy.ts";

let base: string;
let server: EmbeddedPostgres;
let client: pg.Client;
let url: string;
let migrationsDir: string;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "keyfold-deploy-"));
  server = await startEmbeddedPostgres({ dataDir: join(base, "data") });
});

afterAll(async () => {
  await server.stop();
  await clearAbandoned(server.dataDir);
  await rm(base, { recursive: true, force: true });
});

beforeEach(async () => {
  count += 1;
  const database = `deploy_${count}`;
  migrationsDir = join(base, database);
  await mkdir(migrationsDir);
  await query(server.ownerUrl, `CREATE DATABASE ${database}`);
  url = server.url("owner", database);
  client = new pg.Client({ connectionString: url });
  await client.connect();
});

afterEach(() => client.end());

async function query(on: string, sql: string): Promise<void> {
  const other = new pg.Client({ connectionString: on });
  await other.connect();
  await other.query(sql).finally(() => other.end());
}

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, "migration.sql"), sql);
}

const rowsOf = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows;

const TABLE = 'CREATE SCHEMA IF NOT EXISTS control_plane;\nCREATE TABLE control_plane."things" (n int);';

test("migrations apply in the order of their names, and a second deploy does nothing", async () => {
  await write("20260102000000_second", "INSERT INTO control_plane.things VALUES (2);");
  await write("20260101000000_first", TABLE);
  const said: string[] = [];
  const log = (sentence: string) => said.push(sentence);
  expect(await deployMigrations({ url, migrationsDir, log })).toEqual({
    applied: ["20260101000000_first", "20260102000000_second"],
  });
  expect(said).toEqual([
    "Applied the migration 20260101000000_first.",
    "Applied the migration 20260102000000_second.",
  ]);
  expect(await deployMigrations({ url, migrationsDir })).toEqual({ applied: [] });
  expect(await rowsOf("SELECT n FROM control_plane.things")).toEqual([{ n: 2 }]);
  expect(
    await rowsOf(
      `SELECT migration_name AS name, length(checksum) AS checksum, finished_at >= started_at AS finished,
              rolled_back_at, logs, applied_steps_count AS steps
       FROM public._prisma_migrations ORDER BY started_at`,
    ),
  ).toEqual([
    {
      name: "20260101000000_first",
      checksum: 64,
      finished: true,
      rolled_back_at: null,
      logs: null,
      steps: 1,
    },
    {
      name: "20260102000000_second",
      checksum: 64,
      finished: true,
      rolled_back_at: null,
      logs: null,
      steps: 1,
    },
  ]);
});

test("semicolons inside a function's body, a string or a comment do not cut a migration", async () => {
  await write(
    "20260101000000_function",
    `CREATE FUNCTION three() RETURNS int LANGUAGE plpgsql AS $$
     DECLARE a int := 1; BEGIN a := a + 2; /* ; */ RETURN a; END $$; -- ;
     CREATE VIEW quoted AS SELECT 'a;b' AS t -- no semicolon at the end; a comment`,
  );
  await deployMigrations({ url, migrationsDir });
  expect(await rowsOf("SELECT three() AS n, t FROM quoted")).toEqual([{ n: 3, t: "a;b" }]);
});

test("two deploys at once apply each migration once", async () => {
  await write("20260101000000_first", TABLE);
  await write("20260102000000_second", "INSERT INTO control_plane.things VALUES (2);");
  const deploys = await Promise.all([1, 2, 3].map(() => deployMigrations({ url, migrationsDir })));
  expect(deploys.flatMap(({ applied }) => applied).sort()).toEqual([
    "20260101000000_first",
    "20260102000000_second",
  ]);
  expect(await rowsOf("SELECT n FROM control_plane.things")).toEqual([{ n: 2 }]);
});

test("a migration that fails says which, where and why, leaves nothing, and may be tried again", async () => {
  await write("20260101000000_first", TABLE);
  await write("20260102000000_broken", "CREATE TABLE half (n int);\nSELECT * FROM no_such_table;");
  await expect(deployMigrations({ url, migrationsDir })).rejects.toMatchObject({
    name: "MigrationError",
    code: "migration_failed",
    message:
      'The migration 20260102000000_broken failed at line 2: relation "no_such_table" does not exist (42P01). Nothing of it was applied.',
  });
  expect(await rowsOf("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);

  await write("20260102000000_broken", "CREATE TABLE half (n int);");
  expect(await deployMigrations({ url, migrationsDir })).toEqual({ applied: ["20260102000000_broken"] });
});

test("a migration that commits by itself is not tried again until a person has looked", async () => {
  await write("20260101000000_commits", "CREATE TABLE half (n int); COMMIT; SELECT * FROM no_such_table;");
  await expect(deployMigrations({ url, migrationsDir })).rejects.toMatchObject({ code: "migration_failed" });
  await expect(deployMigrations({ url, migrationsDir })).rejects.toMatchObject({
    code: "migration_unfinished",
  });
});

test("a migration that was interrupted before it finished runs again", async () => {
  await write("20260101000000_first", TABLE);
  await deployMigrations({ url, migrationsDir });
  await write("20260102000000_second", "CREATE TABLE second (n int);");
  await client.query(
    `INSERT INTO public._prisma_migrations (id, checksum, migration_name)
     VALUES ('interrupted', 'x', '20260102000000_second')`,
  );
  expect(await deployMigrations({ url, migrationsDir })).toEqual({ applied: ["20260102000000_second"] });
});

test("a migration is finished in the very transaction that does its work", async () => {
  // A deferred trigger sees what is about to be committed, hence what a crash right afterwards would leave.
  await write(
    "20260101000000_watched",
    `CREATE TABLE watched (n int); CREATE TABLE seen (finished boolean);
     CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO seen SELECT finished_at IS NOT NULL FROM public._prisma_migrations; RETURN NULL; END $$;
     CREATE CONSTRAINT TRIGGER look AFTER INSERT ON watched DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION look();
     INSERT INTO watched VALUES (1);`,
  );
  await deployMigrations({ url, migrationsDir });
  expect(await rowsOf("SELECT finished FROM seen")).toEqual([{ finished: true }]);
});

test("an applied migration that was edited afterwards is refused by name", async () => {
  await write("20260101000000_first", TABLE);
  await deployMigrations({ url, migrationsDir });
  await write("20260101000000_first", `${TABLE} -- edited`);
  await expect(deployMigrations({ url, migrationsDir })).rejects.toMatchObject({
    code: "migration_edited",
    message: expect.stringContaining("20260101000000_first"),
  });
});

test("a database that is newer than the release is refused", async () => {
  await write("20260101000000_first", TABLE);
  await write("20260102000000_newer", "SELECT 1;");
  await deployMigrations({ url, migrationsDir });
  await rm(join(migrationsDir, "20260102000000_newer"), { recursive: true });
  await expect(deployMigrations({ url, migrationsDir })).rejects.toMatchObject({
    code: "database_ahead",
    message: expect.stringContaining("20260102000000_newer"),
  });
  await write("20260103000000_other", "SELECT 1;");
  await expect(deployMigrations({ url, migrationsDir })).rejects.toMatchObject({ code: "histories_diverge" });
});

test("nothing of a deploy keeps its process from ending", async () => {
  await write("20260101000000_first", TABLE);
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { deployMigrations } from ${JSON.stringify(new URL("./deploy.ts", import.meta.url).href)};
     await deployMigrations(${JSON.stringify({ url, migrationsDir })});
     console.log(process.getActiveResourcesInfo().includes("Timeout"));`,
  ]);
  expect(stdout).toBe("false\n");
});

test("a database that is gone is said, without the password", async () => {
  const gone = new URL(url);
  gone.port = "1";
  const error = await deployMigrations({ url: gone.href, migrationsDir }).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: "database_unreachable" });
  expect(String(error)).not.toContain(gone.password);
});

test("the application's role gets the groups that exist, in many databases at once", async () => {
  await write(
    "20260101000000_roles",
    `DO $$ BEGIN
       CREATE ROLE keyfold_tenant NOLOGIN; CREATE ROLE keyfold_deployment NOLOGIN;
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`,
  );
  const names = Array.from({ length: 4 }, (_, index) => `roles_${index}`);
  for (const name of names) await client.query(`CREATE DATABASE ${name}`);
  await Promise.all(
    names.map((name) =>
      deployMigrations({ url: server.url("owner", name), migrationsDir, appRole: "keyfold" }),
    ),
  );
  expect(
    await rowsOf(
      `SELECT roleid::regrole::text AS "group", inherit_option AS inherit, set_option AS set, admin_option AS admin
       FROM pg_auth_members WHERE member = 'keyfold'::regrole ORDER BY 1`,
    ),
  ).toEqual([
    { group: "keyfold_deployment", inherit: false, set: true, admin: false },
    { group: "keyfold_tenant", inherit: true, set: false, admin: false },
  ]);
});
