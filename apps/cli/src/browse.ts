import { spawn } from "node:child_process";

/** Asks the system to show an address. Nobody waits for it, and where it cannot, the address stands in the terminal anyway. */
export function browse(
  url: string,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  start: typeof spawn = spawn,
): void {
  // Never through a shell: an address can hold what a shell would run.
  const [program, ...args] =
    platform === "darwin"
      ? (["open"] as const)
      : platform === "win32"
        ? (["rundll32", "url.dll,FileProtocolHandler"] as const)
        : (["xdg-open"] as const);
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("KEYFOLD_")));
  const child = start(program, [...args, url], { stdio: "ignore", detached: true, env: others });
  child.once("error", () => {});
  child.unref();
}
