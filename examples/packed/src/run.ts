import { execFile } from "node:child_process";

/** Runs a command to its end and gives what it printed. @throws Error with what it printed, when it fails */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    execFile(
      command,
      args,
      { cwd: options.cwd, env, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        reject(new Error(`${command} ${args.join(" ")} failed:\n${stdout}\n${stderr}`));
      },
    );
  });
}

/** The pnpm that runs these tests, which is on their PATH; `npx` would wait for the lock of the `npx` that started them. */
export const pnpm = (args: readonly string[], cwd: string): Promise<string> => run("pnpm", args, { cwd });
