// `pnpm bench`: a Markdown section for each part, as soon as it is measured. `--write` puts each into bench/RESULTS.md with its
// date and command; `--quick` shortens each shot; names choose parts: `pnpm bench keys rotations`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withSection } from "./results.ts";
import { SECTIONS } from "./sections.ts";

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const write = words.includes("--write");
const names = words.filter((word) => !word.startsWith("--"));
const unknown = names.filter((name) => !SECTIONS.some((section) => section.name === name));
if (unknown.length > 0)
  throw new Error(`There is no ${unknown.join(", ")}: ${SECTIONS.map(({ name }) => name).join(", ")}.`);

const path = join(import.meta.dirname, "RESULTS.md");
for (const { name, title, run } of SECTIONS) {
  if (names.length > 0 && !names.includes(name)) continue;
  const measured = await run(quick);
  const command = `npx -y pnpm@12 bench ${name}${quick ? " --quick" : ""}`;
  const body = `${new Date().toISOString().slice(0, 10)}, \`${command}\`\n\n${measured}`;
  console.log(`## ${title}\n\n${body}\n`);
  if (write) writeFileSync(path, withSection(readFileSync(path, "utf8"), title, body));
}
