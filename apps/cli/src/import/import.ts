import { readFile } from "node:fs/promises";
import { importSecrets, type Mapping, mappingSchema, type Source, SourceError } from "@keyfold/import";
import { asCommandError } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { importLine } from "./progress.ts";
import { reportOf, reportText, signingKey, writeReport } from "./report.ts";
import { clientsOf } from "./tenants.ts";

export interface ImportOptions extends PlaceOptions {
  map?: string;
  tenants?: string[];
  dryRun?: boolean;
  onDifference: "refuse" | "overwrite" | "keep";
  sample?: number;
  report?: string;
  sign?: string;
  tokens?: string;
  newTokens?: string;
  reason?: string;
  json?: boolean;
}

/** Brings a source's secrets into Keyfold, and ends with 0 only where all of them came. */
export async function runImport(terminal: Terminal, source: Source, options: ImportOptions): Promise<number> {
  const place = await findPlace(terminal, options);
  if (options.sign !== undefined) await signingKey(options.sign); // before anything is written
  const mapping = await mappingOf(options, place.at);
  const { client, own } = await clientsOf(place, options);
  const startedAt = new Date().toISOString();
  const result = await importSecrets({
    source,
    client,
    // A file that says no tenant is the token's own tenant's.
    mapping: own === null ? mapping : { otherwise: own, ...mapping },
    onDifference: options.onDifference,
    dryRun: options.dryRun ?? false,
    ...(options.sample === undefined ? {} : { sample: options.sample }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    progress: (step, done, total) => {
      if (terminal.isTerminal) terminal.err(`\r${importLine(step, done, total, terminal.columns)}`);
    },
  }).catch((error: unknown) => {
    if (error instanceof SourceError) throw new CommandError(EXIT.failed, error.message);
    throw asCommandError(error, place.url);
  });
  if (terminal.isTerminal) terminal.err(`\r${" ".repeat(Math.max(0, terminal.columns - 1))}\r`);
  const report = reportOf(result, {
    source: source.kind,
    server: place.url,
    startedAt,
    finishedAt: new Date().toISOString(),
    dryRun: options.dryRun ?? false,
  });
  if (options.report !== undefined) await writeReport(report, options.report, options.sign);
  terminal.out(
    options.json ? `${JSON.stringify(report)}\n` : reportText(report, options.onDifference, result),
  );
  const asPlanned = options.dryRun
    ? report.problems.every(({ kind }) => kind === "alike" || kind === "empty")
    : report.complete;
  return asPlanned ? EXIT.done : EXIT.failed;
}

async function mappingOf(
  options: ImportOptions,
  at: { tenant?: string; project?: string; environment?: string },
): Promise<Mapping> {
  let mapping: Mapping = {};
  if (options.map !== undefined) {
    const text = await readFile(options.map, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new CommandError(EXIT.usage, `${options.map} cannot be read (${error.code}).`);
    });
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new CommandError(EXIT.usage, `${options.map} is not JSON.`);
    }
    const parsed = mappingSchema.safeParse(json);
    if (!parsed.success)
      throw new CommandError(
        EXIT.usage,
        `${options.map} is no mapping: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ")}.`,
      );
    mapping = parsed.data;
  }
  // What the command line says counts for everything; what the folder or the environment says, only where the map is silent.
  return {
    ...(at.tenant === undefined ? {} : { tenant: at.tenant }),
    ...(at.project === undefined ? {} : { project: at.project }),
    ...(at.environment === undefined ? {} : { environment: at.environment }),
    ...mapping,
    ...(options.tenants === undefined ? {} : { only: options.tenants }),
    ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
    ...(options.project === undefined ? {} : { project: options.project }),
    ...(options.env === undefined ? {} : { environment: options.env }),
  };
}
