import { spawn } from "node:child_process";
import { CommandError, EXIT } from "../terminal.ts";

const PROGRAMS: readonly (readonly [string, ...string[]])[] = [
  ["pbcopy"],
  ["wl-copy", "--sensitive"],
  ["wl-copy"],
  ["xclip", "-selection", "clipboard"],
  ["xsel", "--clipboard", "--input"],
  ["clip.exe"],
];

/**
 * Gives bytes to the first clipboard program that is there, through its standard input.
 * @returns the program's name
 */
export async function copyToClipboard(
  bytes: Buffer,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  // Some stay for as long as the clipboard holds what they were given: no token stays with them.
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("KEYFOLD_")));
  for (const [program, ...args] of PROGRAMS) if (await give(program, args, bytes, others)) return program;
  throw new CommandError(
    EXIT.failed,
    "There is no clipboard program here (pbcopy, wl-copy, xclip, xsel or clip.exe). Pipe the value instead: keyfold get NAME | …",
  );
}

function give(
  program: string,
  args: readonly string[],
  bytes: Buffer,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"], env });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
    child.stdin.on("error", () => {}); // it ended before it had read all: its exit code says so
    child.stdin.end(bytes);
  });
}
