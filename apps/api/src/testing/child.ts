import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** What runs is what was built. Turbo has built it before a test; by hand, sources may be newer. */
let isBuilt = process.env.TURBO_HASH !== undefined;
function build(): void {
  if (!isBuilt) execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-b", "apps/api"], { cwd: ROOT });
  isBuilt = true;
}

/** A start of the real program, as a person does it. */
export interface Start {
  readonly process: ChildProcess;
  /** What it printed so far, on either stream. */
  output(): string;
  /** Resolves when it serves. @throws Error with what it printed, where it ended instead */
  ready(): Promise<void>;
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | string | null>;
}

/** Starts the program in a folder, with these settings and nothing else of this process's own. */
export function startProgram(cwd: string, settings: Record<string, string>): Start {
  const { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE } = process.env;
  build();
  const child = spawn(process.execPath, ["--conditions=built", MAIN], {
    cwd,
    env: {
      PATH,
      HOME,
      ...(TMPDIR === undefined ? {} : { TMPDIR }),
      ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }),
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let wake = (): void => {};
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += chunk;
      wake();
    });
  const ended = once(child, "close").then(([code, signal]) => {
    wake();
    return (code ?? signal) as number | string | null;
  });
  return {
    process: child,
    output: () => text,
    ended,
    async ready() {
      while (!text.includes("Ctrl-C") && !text.includes("The operator's token is")) {
        if (child.exitCode !== null || child.signalCode !== null) {
          await ended; // and has printed all that it had to say
          throw new Error(`it ended: ${text}`);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
