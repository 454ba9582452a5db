import { writeFileSync } from "node:fs";
import { rolesPage } from "../packages/secrets/src/access/roles-page.ts";

/** Prints which role holds which action, as docs/roles.md shows it; with --write, writes that page. */
const page = rolesPage();
if (process.argv.includes("--write")) writeFileSync(new URL("../docs/roles.md", import.meta.url), page);
else process.stdout.write(page);
