import { connection } from "../connection.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import type { Job } from "./job.ts";

interface Status {
  current: string;
  root_keys: {
    id: string;
    age_days: number | null;
    retired_at: string | null;
    wraps: number;
    current: boolean;
    held: boolean;
  }[];
  keys: number;
  lacking: number;
  rotation: { due_at: string; overdue: boolean };
  verified_at: string | null;
  processes: {
    name: string;
    version: string;
    region: string | null;
    current_key: string;
    other_keys: string[];
    runs_jobs: boolean;
    started_at: string;
    seen_at: string;
  }[];
  backup: {
    state: "confirmed" | "unconfirmed" | "outdated";
    made_at: string;
    recipients: { fingerprint: string; confirmed_at: string | null }[];
  } | null;
  jobs: Job[];
}

/** Root keys, what they wrap, and what is to be done. */
export async function status(terminal: Terminal, options: { json?: boolean }): Promise<number> {
  const now = await connection(terminal.env).call<Status>("GET", "/keys");
  terminal.out(options.json ? `${JSON.stringify(now)}\n` : text(now));
  return EXIT.done;
}

function text(now: Status): string {
  const rows = now.root_keys.map((key) => [
    key.id,
    key.age_days === null ? "not used yet" : `${key.age_days} days`,
    `wraps ${key.wraps} of ${now.keys} keys`,
    [
      key.current && "current",
      key.retired_at !== null && `retired ${key.retired_at.slice(0, 10)}`,
      !key.held && key.retired_at === null && "not held by this server",
    ]
      .filter(Boolean)
      .join(", "),
  ]);
  const lines = aligned(rows);
  lines.push("");
  if (now.lacking > 0)
    lines.push(
      `${now.lacking} of ${now.keys} keys are not wrapped under the current root key: keyfold keys rotate`,
    );
  lines.push(
    now.verified_at === null
      ? "It was not verified yet that every key opens with the current root key: keyfold keys verify"
      : `Every key opened with the current root key on ${now.verified_at.slice(0, 10)}.`,
  );
  for (const job of now.jobs)
    if (job.state !== "done")
      lines.push(
        `A job (${[job.kind, job.opener].filter(Boolean).join(" ")}) is ${job.state} at ${job.done} of ${job.total} keys${job.problem === null ? "" : ` (${job.problem})`}: run it again to go on.`,
      );
  lines.push(backupLine(now.backup));
  if (now.processes.length > 0)
    lines.push(
      "Running:",
      ...aligned(
        now.processes.map((one) => [
          `  ${one.name}`,
          `release ${one.version}${one.region === null ? "" : ` in ${one.region}`}`,
          `wraps under ${one.current_key}`,
          [
            one.other_keys.length > 0 && `opens with ${one.other_keys.join(" and ")}`,
            !one.runs_jobs && "runs no jobs",
          ]
            .filter(Boolean)
            .join(", "),
        ]),
      ),
    );
  const due = now.rotation.due_at.slice(0, 10);
  lines.push(
    now.rotation.overdue
      ? `The next rotation was due on ${due}: OVERDUE.`
      : `The next rotation is due on ${due}.`,
  );
  return `${lines.join("\n")}\n`;
}

/** Rows as lines, each column as wide as its widest cell. */
function aligned(rows: readonly string[][]): string[] {
  const width = (i: number) => Math.max(...rows.map((row) => row[i]!.length));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(width(i)))
      .join("  ")
      .trimEnd(),
  );
}

function backupLine(backup: Status["backup"]): string {
  if (backup === null)
    return "There is NO backup of the root key: keyfold keys backup --to RECIPIENT --out FILE";
  const on = backup.made_at.slice(0, 10);
  if (backup.state === "outdated")
    return `The key bundle of ${on} does NOT hold the current root key: keyfold keys backup --to RECIPIENT --out FILE`;
  const waiting = backup.recipients.filter((one) => one.confirmed_at === null).map((one) => one.fingerprint);
  return waiting.length > 0
    ? `The key bundle of ${on} is UNCONFIRMED, waiting for ${waiting.join(" and ")}: keyfold keys open-bundle`
    : `The root key was backed up on ${on}, and ${backup.recipients.length === 1 ? "its recipient" : "each recipient"} has proved to open it.`;
}
