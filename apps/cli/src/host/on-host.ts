import type { Host } from "@keyfold/api/host";
import { RecoveryError } from "@keyfold/recovery";
import { KeyfoldError } from "@keyfold/secrets";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** Runs a command that opens the deployment itself, with the server's own settings; what it fails with is a sentence. */
export function onHost<T>(terminal: Terminal, work: (host: Host) => Promise<T>): Promise<T> {
  return saying(async () => {
    const { openHost } = await import("@keyfold/api/host");
    const host = await openHost(terminal.env, cwdOf(terminal));
    try {
      return await work(host);
    } finally {
      await host.close();
    }
  });
}

/** The folder that relative settings and paths are relative to. */
export const cwdOf = (terminal: Terminal): string => terminal.cwd ?? "/";

/** Turns what a command fails with into its sentence and exit code. @throws CommandError */
export async function saying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (error instanceof RecoveryError || error instanceof KeyfoldError)
      throw new CommandError(EXIT.failed, error.message);
    const { ConfigError, sentenceOf } = await import("@keyfold/api/host");
    throw new CommandError(error instanceof ConfigError ? EXIT.usage : EXIT.failed, sentenceOf(error));
  }
}
