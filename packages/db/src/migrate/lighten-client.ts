import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { moveKeysUp, type ParameterizationSchema } from "./parameterization-graph.ts";

/** Part of what a generated client is known by: another number generates it anew. */
export const LIGHTENING = 1;

const WITH_TEXT_BESIDES_TYPES = ["client.ts", "enums.ts", "internal/class.ts", "internal/prismaNamespace.ts"];

/**
 * Takes out of a generated client what only costs memory, 10 MB of a process after its start: see each function.
 * @param folder where Prisma has just generated it
 * @throws Error where Prisma generates something else than it did
 */
export async function lightenClient(folder: string): Promise<void> {
  for (const file of WITH_TEXT_BESIDES_TYPES) {
    const path = join(folder, file);
    const text = inOneByte(await readFile(path, "utf8"));
    await writeFile(path, file === "internal/class.ts" ? withGraph(withCompiler(text)) : text);
  }
}

/** V8 keeps a module's text in two bytes a character where one of them is past Latin-1, such as a traffic light in a comment. */
const inOneByte = (text: string): string =>
  text
    .replaceAll(/^ \* .*$/gm, (comment) => comment.replaceAll(PAST_LATIN_1, ""))
    .replaceAll(PAST_LATIN_1, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const PAST_LATIN_1 = /[^\0-\xff]/g;

/** The query compiler is read as a file: `queryCompiler`. */
function withCompiler(text: string): string {
  const asGenerated =
    /async \(\) => \{\s+const \{ wasm \} = await (import\("([^"]+)"\))\s+return await decodeBase64AsWasm\(wasm\)\s+\}/;
  const lighter = text.replace(
    asGenerated,
    (_, load, module) => `async () => decodeBase64AsWasm(await queryCompiler("${module}", () => ${load}))`,
  );
  if (lighter === text) throw new Error("Prisma loads its query compiler in another way than before.");
  return lighter.replace(
    'import * as runtime from "@prisma/client/runtime/client"',
    '$&\nimport { queryCompiler } from "../../query-compiler.ts"',
  );
}

/** The tables by which Prisma finds a query's parameters: `moveKeysUp`. */
function withGraph(text: string): string {
  const asGenerated = /strings: JSON\.parse\(("(?:[^"\\]|\\.)*")\),\s+graph: "([\w-]*)"/;
  const lighter = text.replace(asGenerated, (_, strings: string, graph: string) => {
    const moved = moveKeysUp({ strings: JSON.parse(JSON.parse(strings)), graph } as ParameterizationSchema);
    return `strings: JSON.parse(${JSON.stringify(JSON.stringify(moved.strings))}),\n  graph: "${moved.graph}"`;
  });
  if (lighter === text) throw new Error("Prisma writes its parameters' graph in another way than before.");
  return lighter;
}
