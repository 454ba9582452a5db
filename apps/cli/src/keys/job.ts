import { type Connection, connection } from "../connection.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { progressLine } from "./progress-line.ts";

/** A job as the server's REST says it. */
export interface Job {
  kind: "rotate" | "verify" | "retire" | "rotate_tenant" | "re_encrypt" | "remove_opener";
  opener: string | null;
  id: string;
  state: "running" | "stopped" | "done";
  problem: string | null;
  failed: string[];
  done: number;
  total: number;
  rate: number | null;
  seconds_left: number | null;
}

export interface JobOptions {
  rate?: number;
  json?: boolean;
}

const DONE: Record<Job["kind"], (job: Job) => string> = {
  rotate: ({ done, opener }) => `${done} keys are wrapped under ${opener}.`,
  verify: ({ done, opener }) => `${done} keys are opened with ${opener}.`,
  retire: ({ done, opener }) => `${done} keys are no longer wrapped under ${opener}.`,
  rotate_tenant: ({ done }) => `${done} keys were renewed or wrapped anew. The old tenant keys are gone.`,
  re_encrypt: ({ done }) => `${done} keys were renewed, and with them every value sealed anew.`,
  remove_opener: ({ opener }) => `${opener} opens nothing any more.`,
};
const PROBLEMS: Record<string, string> = {
  key_unavailable: "The key service cannot be reached.",
  decryption_failed: "A key could not be opened. The server's log says which.",
  integrity_failed: "A stored key failed its integrity check. The server's log says which.",
  illegal_state: "Something has to be done first. The server's log says what.",
};

/** Calls a job's slices until it is done or stopped, and shows how far it is. What was done stays done. */
export async function runJob(
  terminal: Terminal,
  job: {
    path: string;
    body: object;
    doing: string;
    options: JobOptions;
    after?: (done: Job) => Promise<void>;
  },
): Promise<number> {
  const server: Connection = connection(terminal.env);
  const body = job.options.rate === undefined ? job.body : { ...job.body, per_second: job.options.rate };
  for (;;) {
    const now = await server.call<Job>("POST", job.path, body).catch((error: unknown) => {
      clear(terminal);
      throw error;
    });
    if (terminal.isTerminal) terminal.err(`\r${progressLine(job.doing, now, terminal.columns)}`);
    if (now.state === "running") continue;
    clear(terminal);
    if (job.options.json) terminal.out(`${JSON.stringify(now)}\n`);
    else if (now.state === "done") terminal.out(`${DONE[now.kind](now)}\n`);
    if (now.state === "done") {
      await job.after?.(now);
      return EXIT.done;
    }
    const why = PROBLEMS[now.problem ?? ""] ?? `It failed (${now.problem}).`;
    const whose = now.failed.length === 0 ? "" : ` Tenants: ${now.failed.join(", ")}.`;
    terminal.err(
      `Stopped at ${now.done} of ${now.total} keys. ${why}${whose} Nothing is lost: run it again to go on.\n`,
    );
    return EXIT.failed;
  }
}

const clear = (terminal: Terminal): void => {
  if (terminal.isTerminal) terminal.err(`\r${" ".repeat(Math.max(0, terminal.columns - 1))}\r`);
};
