import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ERRORS, MESSAGE_KINDS } from "@keyfold/secrets";

// What is packed is dist without its tests, and with the few types of the server's that it names written out: who
// calls Keyfold over HTTP shall not have to install the server, its Prisma and its PostgreSQL to have types.

const dist = new URL("../dist/", import.meta.url);
const packed = new URL("packed/", dist);
const server = new URL("../../secrets/dist/", import.meta.url);

await rm(packed, { recursive: true, force: true });
await mkdir(packed);
for (const folder of ["", "kept/", "node/"]) {
  await mkdir(new URL(folder, packed), { recursive: true });
  for (const name of await readdir(new URL(folder, dist))) {
    if (!/\.(js|d\.ts)$/.test(name) || /\.test(-d)?\./.test(name)) continue;
    await cp(new URL(folder + name, dist), new URL(folder + name, packed));
  }
}
await writeFile(new URL("server.js", packed), "export {};\n");
await writeFile(new URL("server.d.ts", packed), await serverTypes());

for (const name of await readdir(packed, { recursive: true })) {
  if (!/\.(js|d\.ts)$/.test(name)) continue;
  const file = new URL(name, packed);
  const text = (await readFile(file, "utf8"))
    .replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n")
    // TypeScript leaves `.ts` in declarations; not every tool reads it as `.d.ts`.
    .replace(/(from "|import\(")(\.\.?\/[a-z/-]+)\.ts"/g, '$1$2.js"')
    .replaceAll('"@keyfold/secrets"', '"./server.js"');
  if (/"@keyfold\/(?!client)/.test(text))
    throw new Error(`${fileURLToPath(file)} still names a package of the server's.`);
  await writeFile(file, text);
}

/** The router's type as TypeScript wrote it out, without the server's insides, which no client sees. */
async function serverTypes(): Promise<string> {
  const text = (await readFile(new URL("router/router.d.ts", server), "utf8"))
    .replace(/^import type \{ Services \}.*\n/, "")
    .replace("createRouter(services: Services)", "createRouter()")
    .replaceAll('import("./context.ts").KeyfoldContext', "object")
    .replaceAll('import("./context.ts").KeyfoldMeta', "object")
    .replaceAll('import("../index.ts").StreamItem', "StreamItem");
  if (/Services|\.ts"/.test(text)) throw new Error("The router's type names something that is not packed.");
  return `${text}\n${await streamItem()}\nexport type ErrorCode = ${unionOf(ERRORS)};\n`;
}

/** What a stream says, which TypeScript names rather than writes out. */
async function streamItem(): Promise<string> {
  const text = await readFile(new URL("stream/schema.d.ts", server), "utf8");
  const type = /^export type StreamItem = [^;]*?\{[\s\S]*?^\};$/m.exec(text)?.[0];
  const closed = type?.replace("z.output<typeof messageKind>", unionOf(MESSAGE_KINDS));
  if (closed === undefined || /\bz\./.test(closed))
    throw new Error("What a stream says cannot be written out.");
  return closed;
}

function unionOf(record: object): string {
  return Object.keys(record)
    .map((key) => JSON.stringify(key))
    .join(" | ");
}
