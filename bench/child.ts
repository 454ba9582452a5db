import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Child<Told> {
  /** What it printed first, as JSON. */
  told: Told;
  stop(): Promise<void>;
}

/** Starts a server in a process of its own and waits for the first line of JSON that it prints. */
export async function startChild<Told>(script: string, args: readonly string[] = []): Promise<Child<Told>> {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout! });
  const told = await new Promise<Told>((resolve, reject) => {
    lines.on("line", (line) => {
      if (line.startsWith("{")) resolve(JSON.parse(line) as Told);
    });
    gone.then(() => reject(new Error(`${script} ended before it was ready`)));
  });
  return {
    told,
    async stop() {
      child.kill("SIGTERM");
      await gone;
    },
  };
}
