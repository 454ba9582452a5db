import { resolve } from "node:path";
import { readText, verifyBackup } from "@keyfold/recovery";
import { cwdOf, saying } from "../host/on-host.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Reads a backup to its end, and says what it holds. */
export function verify(terminal: Terminal, path: string, options: { identity: string }): Promise<number> {
  return saying(async () => {
    const here = cwdOf(terminal);
    const { header, tables } = await verifyBackup(
      resolve(here, path),
      await readText(resolve(here, options.identity)),
    );
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    terminal.out(
      `Whole. Deployment ${header.deployment}, as of ${header.madeAt}: ${rows} rows of ${tables.length} tables, root keys ${header.rootKeys.map(({ id }) => id).join(" and ")}.\n`,
    );
    return EXIT.done;
  });
}
