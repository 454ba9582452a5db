import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** What names this machine: systemd's machine id (machine-id(5)) where there is one, and its name in the network. */
export async function hostId(): Promise<string> {
  const id = await readFile("/etc/machine-id", "utf8").then(
    (text) => text.trim(),
    () => "",
  );
  return `${id}/${hostname()}`.slice(0, 255);
}
