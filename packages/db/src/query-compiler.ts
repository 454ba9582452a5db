import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { resolve } = createRequire(import.meta.url);

/**
 * Prisma's query compiler, in base64. Prisma has it as a module of one string, and a module's text and strings stay as long
 * as the process: 4.6 MB. Read as a file they are forgotten.
 * @param module the module's name
 * @param load imports it: for a bundle, which has the module and not its file
 */
export async function queryCompiler(module: string, load: () => Promise<{ wasm: string }>): Promise<string> {
  return (await stringIn(module)) ?? (await load()).wasm;
}

async function stringIn(module: string): Promise<string | null> {
  try {
    const text = await readFile(resolve(module), "latin1");
    return /"([A-Za-z0-9+/]+={0,2})"/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}
