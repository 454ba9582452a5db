import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";
import { EngineConnection } from "./engine-connection.ts";
import { MigrationError } from "./migration-error.ts";

/** No table or enum is left out of what the engine looks at. */
export const noFilters = { externalTables: [], externalEnums: [] };

/**
 * Runs `work` with Prisma's own schema engine (its WebAssembly build: nothing is downloaded or executed) on
 * the database at `url`, and closes its connection.
 *
 * @param schema the text of a Prisma schema; needed for `diff` only
 * @throws whatever `work` throws, and the engine when it cannot connect
 */
export async function withSchemaEngine<T>(
  options: { url: string; schema?: string },
  work: (engine: glue.SchemaEngine, connection: EngineConnection) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await loadEngine();
  const connection = new EngineConnection(options.url);
  try {
    const datamodels: [string, string][] | undefined =
      options.schema === undefined ? undefined : [["schema.prisma", options.schema]];
    const adapter = bindMigrationAwareSqlAdapterFactory(connection);
    const engine = await SchemaEngine.new({ datamodels }, () => {}, adapter);
    try {
      return await work(engine, connection);
    } finally {
      engine.free();
    }
  } finally {
    await connection.close();
  }
}

/** The first lines of an engine's error, without its stack of spans. */
export function engineMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split(/\n\s+0: /)[0]?.trim() ?? text;
}

/** Wraps what the engine throws, unless it is an error of ours already. */
export function asMigrationError(error: unknown): MigrationError {
  if (error instanceof MigrationError) return error;
  const invalid = error instanceof Error && "code" in error && error.code === "P1012";
  return new MigrationError(invalid ? "schema_invalid" : "engine_failed", engineMessage(error), {
    cause: error,
  });
}

/** Node has it; TypeScript declares it in its library for browsers only. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

let loading: Promise<typeof glue> | undefined;

/** The package is made for bundlers, which link the module themselves; Node does it by hand, once. */
function loadEngine(): Promise<typeof glue> {
  loading ??= (async () => {
    const script = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
    const bytes = await readFile(script.replace(/\.js$/, ".wasm"));
    const { instance } = await WebAssembly.instantiate(bytes, {
      "./schema_engine_bg.js": withoutWaiting(glue),
    });
    // Where the glue leaves the message of a panic, which then surfaces as "unreachable".
    Object.assign(globalThis, {
      PRISMA_WASM_PANIC_REGISTRY: {
        set_message(message: string) {
          throw new MigrationError("engine_failed", `The schema engine gave up: ${message}`);
        },
      },
    });
    glue.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
    return glue;
  })();
  return loading;
}

/** The engine leaves a timer of ten seconds behind (its patience for the lock): no reason to keep a process up. */
function withoutWaiting(imports: object): object {
  const changed = Object.entries(imports).map(([name, value]) => {
    if (!name.startsWith("__wbg_setTimeout_")) return [name, value];
    return [name, (callback: () => void, milliseconds: number) => setTimeout(callback, milliseconds).unref()];
  });
  return Object.fromEntries(changed);
}
