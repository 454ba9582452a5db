import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMigration } from "./create.ts";
import { checkDrift } from "./drift.ts";
import { withScratchDatabase } from "./scratch-server.ts";

const SCHEMA = `generator client {
  provider        = "prisma-client"
  output          = "./generated"
  previewFeatures = ["partialIndexes"]
}

datasource db {
  provider = "postgresql"
  schemas  = ["control_plane"]
}

model Thing {
  id    String @id @db.Uuid
  name  String
  state String

  @@unique([name], map: "things_live_name", where: raw("state = 'live'::text"))
  @@map("things")
  @@schema("control_plane")
}
`;

const MIGRATION = `CREATE SCHEMA control_plane;
CREATE TABLE control_plane.things (
  id uuid PRIMARY KEY, name text NOT NULL CHECK (name <> ''), state text NOT NULL
);
CREATE UNIQUE INDEX things_live_name ON control_plane.things (name) WHERE state = 'live'::text;
CREATE UNIQUE INDEX things_only_one ON control_plane.things ((true));
ALTER TABLE control_plane.things ENABLE ROW LEVEL SECURITY;
ALTER TABLE control_plane.things FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON control_plane.things USING (true);
CREATE FUNCTION control_plane.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON control_plane.things FOR EACH ROW EXECUTE FUNCTION control_plane.refuse();
CREATE SCHEMA jobs;
CREATE TABLE jobs.of_others (n int);
`;

let base: string;
let migrationsDir: string;
let schemaPath: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "keyfold-drift-"));
  migrationsDir = join(base, "migrations");
  schemaPath = join(base, "schema.prisma");
  await mkdir(join(migrationsDir, "20260101000000_init"), { recursive: true });
  await writeFile(join(migrationsDir, "20260101000000_init", "migration.sql"), MIGRATION);
});

afterEach(() => rm(base, { recursive: true, force: true }));

const drift = () => withScratchDatabase((url) => checkDrift({ url, migrationsDir, schemaPath }));

test("what Prisma has no words for, and other schemas, are no drift", async () => {
  await writeFile(schemaPath, SCHEMA);
  expect(await drift()).toBeNull();
});

test("a column that no migration makes is drift, and so is a changed predicate of an index", async () => {
  await writeFile(schemaPath, SCHEMA.replace("  state String\n", "  state String\n  note String?\n"));
  expect(await drift()).toBe(
    '-- AlterTable\nALTER TABLE "control_plane"."things" ADD COLUMN     "note" TEXT;\n',
  );
  await writeFile(schemaPath, SCHEMA.replace("'live'::text", "'dead'::text"));
  expect(await drift()).toContain("things_live_name");
});

test("a schema that is not valid is said with its line", async () => {
  await writeFile(schemaPath, SCHEMA.replace("String @id", "Strin @id"));
  await expect(drift()).rejects.toMatchObject({
    name: "MigrationError",
    code: "schema_invalid",
    message: expect.stringContaining("Strin"),
  });
});

test("a new migration holds the difference, after which there is none", async () => {
  await writeFile(schemaPath, SCHEMA.replace("  state String\n", "  state String\n  note String?\n"));
  const now = new Date("2026-02-03T04:05:06.789Z");
  const path = await withScratchDatabase((url) =>
    createMigration({ name: "Add a note!", url, migrationsDir, schemaPath, now }),
  );
  expect(path).toBe(join(migrationsDir, "20260203040506_add_a_note", "migration.sql"));
  expect(await readFile(path, "utf8")).toContain('ADD COLUMN     "note"');
  expect(await drift()).toBeNull();
});

test("a migration for what Prisma has no words for starts empty, and one without a name is refused", async () => {
  await writeFile(schemaPath, SCHEMA);
  const create = (name: string) =>
    withScratchDatabase((url) =>
      createMigration({ name, url, migrationsDir, schemaPath, now: new Date("2026-02-03T04:05:06Z") }),
    );
  expect(await readFile(await create("a trigger"), "utf8")).toMatch(/^--[^\n]*\n$/);
  await expect(create("!!!")).rejects.toThrow(RangeError);
  expect(await readdir(migrationsDir)).toEqual(["20260101000000_init", "20260203040506_a_trigger"]);
});
