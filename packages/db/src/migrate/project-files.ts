import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// In a packed package the files stand beside the compiled code (see pack/); in the repository at its top.
const packed = new URL("../prisma/", import.meta.url);
const folder = existsSync(packed) ? packed : new URL("../../../../prisma/", import.meta.url);

/** The project's one data model. */
export const schemaPath: string = fileURLToPath(new URL("schema.prisma", folder));

/** The project's migrations. */
export const migrationsDir: string = fileURLToPath(new URL("migrations", folder));
