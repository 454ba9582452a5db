// The docs name what exists: every requirement has a row, every proof is a file (and the test is in it), every
// relative link and every path in a doc leads somewhere, and every setting and metric of the server is in docs/deploy.md.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolesPage } from "../packages/secrets/src/access/roles-page.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const problems: string[] = [];
let proofs = 0;
let open = 0;

/** How many requirements each letter has. */
const LETTERS = { A: 9, B: 2, C: 9, D: 2, E: 3, F: 3, G: 10, H: 12 };
const ids = Object.entries(LETTERS).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
);

checkRequirements("docs/requirements.md");
checkThreats("docs/threat-model.md");
for (const doc of docs()) checkPaths(doc);
for (const file of ["settings.ts", "object-storage.ts"])
  checkNames("docs/deploy.md", `apps/api/src/config/${file}`, /^ {2}((?:KEYFOLD|DATABASE)_[A-Z0-9_]+):/gm);
for (const file of ["metrics.ts", "key-metrics.ts"])
  checkNames("docs/deploy.md", `apps/api/src/observe/${file}`, /"(keyfold_[a-z_]+)"/g);

if (readFileSync(join(root, "docs/roles.md"), "utf8") !== rolesPage())
  problems.push("docs/roles.md is not what the roles are: node scripts/roles.ts --write");

for (const problem of problems) console.error(problem);
console.log(
  `${ids.length - open} requirements with ${proofs} proofs, ${open} open; ${problems.length} problems`,
);
process.exit(problems.length === 0 ? 0 : 1);

/** Rows are `| id | what | proofs |`; a proof is `path` or `path › test's name`, several parted by `<br>`. */
function checkRequirements(doc: string): void {
  const rows = new Map<string, string>();
  for (const line of readFileSync(join(root, doc), "utf8").split("\n")) {
    const [, id, , proof] = /^\| ([A-H]\d+) \| (.*?) \| (.*) \|$/.exec(line) ?? [];
    if (id === undefined || proof === undefined) continue;
    if (rows.has(id)) problems.push(`${doc}: ${id} stands there twice`);
    rows.set(id, proof);
  }
  for (const id of ids) {
    const proof = rows.get(id);
    if (proof === undefined) {
      problems.push(`${doc}: ${id} has no row`);
      continue;
    }
    const isOpen = proof.startsWith("open:");
    if (isOpen) open++;
    // What an open row names shows a part of it, and must exist all the same.
    const named = [...proof.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
    if (named.length === 0 && !isOpen) problems.push(`${doc}: ${id} names no proof`);
    for (const one of named) checkProof(doc, id, one);
  }
}

function checkProof(doc: string, id: string, proof: string): void {
  proofs++;
  const [path, test] = proof.split(" › ") as [string, string | undefined];
  const file = join(root, path);
  if (!existsSync(file)) problems.push(`${doc}: ${id} names ${path}, which does not exist`);
  else if (test !== undefined && !readFileSync(file, "utf8").includes(test))
    problems.push(`${doc}: ${id} names a test that ${path} does not hold: ${test}`);
}

/** Rows are `| attacker | what must hold | how | proofs |`; one where nothing holds names none. */
function checkThreats(doc: string): void {
  for (const line of readFileSync(join(root, doc), "utf8").split("\n")) {
    const cells = line.split(" | ").map((cell) => cell.replace(/^\| | ?\|$/g, "").trim());
    const [attacker, holds, , proof] = cells;
    if (cells.length !== 4 || attacker === "attacker" || attacker === "---") continue;
    const named = [...proof!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
    if (named.length === 0 && holds !== "nothing holds")
      problems.push(`${doc}: nothing shows what must hold against who ${attacker}`);
    for (const one of named) checkProof(doc, `who ${attacker}`, one);
  }
}

function checkPaths(doc: string): void {
  const text = readFileSync(join(root, doc), "utf8").replace(/^```[\s\S]*?^```/gm, "");
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (target === undefined || /^[a-z]+:/.test(target)) continue;
    if (!existsSync(join(root, dirname(doc), target)))
      problems.push(`${doc}: the link to ${target} leads nowhere`);
  }
  for (const [, path] of text.matchAll(
    /`((?:apps|packages|prisma|examples|bench|docs|scripts|\.ci)\/[A-Za-z0-9_./-]+)`/g,
  )) {
    const bare = path!.replace(/[.,]$/, "");
    if (!existsSync(join(root, normalize(bare)))) problems.push(`${doc}: ${bare} does not exist`);
  }
}

/** Every name that a source file holds stands in a doc. */
function checkNames(doc: string, source: string, pattern: RegExp): void {
  const text = readFileSync(join(root, doc), "utf8");
  const names = [...readFileSync(join(root, source), "utf8").matchAll(pattern)].map(([, name]) => name!);
  if (names.length === 0)
    problems.push(`${source} holds no name that ${doc} could lack: look for them elsewhere`);
  for (const name of names) if (!text.includes(`\`${name}\``)) problems.push(`${doc}: ${name} is not in it`);
}

function docs(): string[] {
  const found = readdirSync(root).filter((name) => name.endsWith(".md"));
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (name.endsWith(".md")) found.push(relative(root, path));
    }
  };
  walk(join(root, "docs"));
  return found;
}
