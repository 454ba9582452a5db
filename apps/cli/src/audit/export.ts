import { writeWhole } from "../files.ts";
import { calling, clientOf } from "../place/client.ts";
import { pages } from "../place/pages.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { keptCheckpoint } from "./kept-checkpoint.ts";

export interface ExportOptions extends PlaceOptions {
  deployment?: boolean;
  to: string;
  since?: string;
}

/** Writes a whole audit chain into a file. A file that is there under its name is whole. */
export async function exportAudit(terminal: Terminal, options: ExportOptions): Promise<number> {
  const since = options.since === undefined ? {} : { since: (await keptCheckpoint(options.since)).note };
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const whose = options.deployment
    ? { deployment: true }
    : place.at.tenant === undefined
      ? {}
      : { tenant: place.at.tenant };
  let lines = 0;
  await writeWhole(options.to, async (file) => {
    const asked = pages((from) =>
      calling(place, () => trpc.audit.export.query({ ...whose, ...since, ...from })),
    );
    for await (const page of asked) {
      await file.writeFile(page.lines.map((line) => `${line}\n`).join(""));
      lines += page.lines.length;
      if (terminal.isTerminal) terminal.err(`\r${lines} lines`);
    }
  });
  terminal.err(
    `${terminal.isTerminal ? "\r" : ""}Wrote ${lines} lines to ${options.to}. Verify it: keyfold audit verify ${options.to} --key KEY${options.since === undefined ? "" : ` --checkpoint ${options.since}`}\n`,
  );
  return EXIT.done;
}
