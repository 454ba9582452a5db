import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIGHTENING, lightenClient } from "./lighten-client.ts";
import { schemaPath } from "./project-files.ts";

const generatedDir = fileURLToPath(new URL("../generated", import.meta.url));
const stubPath = fileURLToPath(new URL("../../../../scripts/no-schema-engine", import.meta.url));

/**
 * Generates the Prisma client from the schema, offline, lightens it, and returns whether there was anything to do: what
 * was generated from this very schema, by this version of Prisma, stays.
 *
 * @throws Error when Prisma refuses the schema; it has printed why
 */
export async function generateClient(): Promise<boolean> {
  const packagePath = createRequire(import.meta.url).resolve("prisma/package.json");
  const { version } = JSON.parse(await readFile(packagePath, "utf8")) as { version: string };
  const hash = createHash("sha256");
  const stamp = hash.update(`${version} ${LIGHTENING}\n${await readFile(schemaPath, "utf8")}`).digest("hex");
  const stampPath = join(generatedDir, "schema.sha256");
  if ((await readFile(stampPath, "utf8").catch(() => "")) === stamp) return false;

  const cli = join(dirname(packagePath), "build", "index.js");
  const child = spawn(process.execPath, [cli, "generate", "--schema", schemaPath, "--no-hints"], {
    stdio: "inherit",
    env: {
      ...process.env,
      // Prisma would download its schema engine, which generating does not need.
      PRISMA_SCHEMA_ENGINE_BINARY: stubPath,
      CHECKPOINT_DISABLE: "1",
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
    },
  });
  const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code !== 0) throw new Error("Prisma could not generate the client.");
  await lightenClient(generatedDir);
  await writeFile(stampPath, stamp);
  return true;
}
