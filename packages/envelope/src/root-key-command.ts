import { spawn } from "node:child_process";
import { EnvelopeError } from "./error.ts";
import type { SecretKey } from "./key.ts";
import { type KeyName, MAX_ROOT_KEY_TEXT_BYTES, rootKeyFromContent } from "./root-key.ts";

/**
 * A root key from a command's standard output, so from any vault that has a command line: 64 hex digits, base64 or
 * base64url of 32 bytes, or 32 raw bytes. The command runs by `sh -c` with this process's environment and no input;
 * what it prints, on either stream, is shown nowhere.
 * @param options.timeoutMs milliseconds that the command may take, 10 000 by default
 * @throws EnvelopeError `provider_unavailable` where the command fails, is too slow or cannot be run; `bad_root_key`
 * where it succeeds and prints no good key
 */
export async function rootKeyFromCommand(
  command: string,
  options: { timeoutMs?: number } = {},
  what: KeyName = "root key",
): Promise<SecretKey> {
  return rootKeyFromContent(await outputOf(command, options.timeoutMs ?? 10_000, what), what);
}

function outputOf(command: string, timeoutMs: number, what: KeyName): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that a slow command is ended with everything that it started.
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "ignore"], detached: true });
    const chunks: Buffer[] = [];
    let size = 0;

    const end = (settle: () => void) => {
      clearTimeout(timer);
      settle();
      for (const chunk of chunks) chunk.fill(0);
      chunks.length = 0;
    };
    const fail = (sentence: string) => end(() => reject(new EnvelopeError("provider_unavailable", sentence)));
    const abandon = (sentence: string) => {
      killGroup(child.pid);
      child.stdout.destroy();
      fail(sentence);
    };

    const timer = setTimeout(() => {
      abandon(`The ${what} command did not end within ${timeoutMs / 1000} seconds and was stopped.`);
    }, timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ROOT_KEY_TEXT_BYTES) abandon(`The ${what} command printed more than a key.`);
    });
    child.on("error", () => fail(`The ${what} command could not be run.`));
    child.on("close", (status) => {
      if (status === 0) end(() => resolve(Buffer.concat(chunks)));
      else fail(`The ${what} command failed (${status === null ? "by a signal" : `exit status ${status}`}).`);
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}
