import { readFile } from "node:fs/promises";

/**
 * Whether a process of that id runs. One that has ended, and that its parent has not waited for, does not: a
 * container's first process may never wait for the orphans that it is given.
 */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /.test(status);
}
