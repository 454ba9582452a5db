import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { blocking, type ImportResult } from "@keyfold/import";
import { writeOpen } from "../files.ts";
import { printable, table } from "../table.ts";
import { CommandError, EXIT } from "../terminal.ts";

/** What came of an import, as it is kept: references and counts, never a value. */
export interface Report {
  keyfold: "import-report/v1";
  source: string;
  server: string;
  startedAt: string;
  finishedAt: string;
  dryRun: boolean;
  complete: boolean;
  read: number;
  leftOut: number;
  new: number;
  same: number;
  /** Where an import of older versions, or one before, had come no further. */
  older: number;
  differed: number;
  changed: number;
  /** Older values that became versions of their own. */
  olderVersions: number;
  kept: number;
  compared: number;
  tenants: Record<string, number>;
  missing: { from: string; target: object }[];
  differing: { from: string; target: object }[];
  problems: { from: string; kind: string; sentence: string; target: object | null }[];
}

export function reportOf(
  { plan, written, verified, complete }: ImportResult,
  facts: Pick<Report, "source" | "server" | "startedAt" | "finishedAt" | "dryRun">,
): Report {
  return {
    keyfold: "import-report/v1",
    ...facts,
    complete,
    read: plan.read,
    leftOut: plan.leftOut,
    new: plan.fates.new,
    same: plan.fates.same,
    older: plan.fates.older,
    differed: plan.fates.differs,
    changed: written?.changed ?? 0,
    olderVersions: written?.older ?? 0,
    kept: written?.kept.size ?? 0,
    compared: verified?.compared ?? 0,
    tenants: Object.fromEntries(plan.tenants),
    missing: verified?.missing ?? [],
    differing: verified?.differing ?? [],
    problems: plan.problems,
  };
}

/** Writes a report, and beside it, where a key is given, an Ed25519 signature over its bytes (RFC 8032). */
export async function writeReport(report: Report, path: string, keyPath?: string): Promise<void> {
  const key = keyPath === undefined ? null : await signingKey(keyPath);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  await writeOpen(path, text);
  if (key !== null) await writeOpen(`${path}.sig`, sign(null, Buffer.from(text), key));
}

/** @throws CommandError for what is no Ed25519 private key in PEM */
export async function signingKey(path: string): Promise<KeyObject> {
  const refuse = (): never => {
    throw new CommandError(
      EXIT.usage,
      `${path} is no Ed25519 private key in PEM. Make one: openssl genpkey -algorithm ed25519`,
    );
  };
  const pem = await readFile(path).catch(refuse);
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === "ed25519" ? key : refuse();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    return refuse();
  }
}

/** A report for a person. */
export function reportText(
  report: Report,
  onDifference: "refuse" | "overwrite" | "keep",
  result: ImportResult,
): string {
  const lines = [
    `Read ${report.read} from the ${report.source}: ${report.new} new, ${report.same} the same, ${report.older > 0 ? `${report.older} at an older version, ` : ""}${report.differed} with another value${report.leftOut > 0 ? `, ${report.leftOut} left out by the mapping` : ""}.`,
  ];
  const stops = blocking(result.plan, onDifference);
  if (report.problems.length > 0)
    lines.push(
      "",
      table(
        ["WHERE", "NAME", "WHAT"],
        report.problems
          .slice(0, 50)
          .map(({ from, target, sentence }) => [
            from,
            printable((target as { name?: string } | null)?.name ?? ""),
            sentence,
          ]),
      ).trimEnd(),
      ...(report.problems.length > 50 ? [`… and ${report.problems.length - 50} more, in the report.`] : []),
      "",
    );
  if (stops.length > 0)
    lines.push(
      `Nothing was written: ${stops.length} of these must be settled first${stops.some(({ kind }) => kind === "differs") ? " (--on-difference overwrite or keep)" : ""}.`,
    );
  else if (report.dryRun) lines.push("Nothing was written: this was a dry run.");
  else {
    lines.push(
      `Wrote ${report.changed}${report.olderVersions > 0 ? ` with ${report.olderVersions} older versions` : ""}${report.kept > 0 ? `, kept ${report.kept} as they were` : ""}. Compared ${report.compared} by value: ${report.missing.length} missing, ${report.differing.length} different.`,
    );
    for (const { from, target } of [...report.missing, ...report.differing].slice(0, 50))
      lines.push(`  ${printable(from)}  ${printable((target as { name: string }).name)}`);
    lines.push(
      report.complete ? "Everything came." : "NOT COMPLETE. Run it again: what came already is not touched.",
    );
  }
  return `${lines.join("\n")}\n`;
}
