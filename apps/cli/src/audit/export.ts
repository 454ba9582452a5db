import { open, rename, rm } from "node:fs/promises";
import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

export interface ExportOptions extends PlaceOptions {
  deployment?: boolean;
  to: string;
}

/** Writes a whole audit chain into a file. A file that is there under its name is whole. */
export async function exportAudit(terminal: Terminal, options: ExportOptions): Promise<number> {
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const whose = options.deployment
    ? { deployment: true }
    : place.at.tenant === undefined
      ? {}
      : { tenant: place.at.tenant };
  const beside = `${options.to}.part`;
  const file = await open(beside, "w", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(EXIT.failed, `${beside} cannot be written (${error.code}).`);
  });
  let lines = 0;
  try {
    let cursor: string | null = null;
    do {
      const from: { cursor?: string } = cursor === null ? {} : { cursor };
      const page = await calling(place, () => trpc.audit.export.query({ ...whose, ...from }));
      await file.writeFile(page.lines.map((line) => `${line}\n`).join(""));
      lines += page.lines.length;
      if (terminal.isTerminal) terminal.err(`\r${lines} lines`);
      cursor = page.nextCursor;
    } while (cursor !== null);
    await file.sync();
    await file.close();
    await rename(beside, options.to);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(beside, { force: true });
    throw error;
  }
  terminal.err(
    `${terminal.isTerminal ? "\r" : ""}Wrote ${lines} lines to ${options.to}. Verify it: keyfold audit verify ${options.to} --key KEY\n`,
  );
  return EXIT.done;
}
