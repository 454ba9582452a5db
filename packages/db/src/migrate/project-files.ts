import { fileURLToPath } from "node:url";

const inPrisma = (name: string) => fileURLToPath(new URL(`../../../../prisma/${name}`, import.meta.url));

/** The project's one data model. */
export const schemaPath: string = inPrisma("schema.prisma");

/** The project's migrations. */
export const migrationsDir: string = inPrisma("migrations");
