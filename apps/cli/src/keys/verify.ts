import type { Terminal } from "../terminal.ts";
import { type JobOptions, runJob } from "./job.ts";

export function verify(terminal: Terminal, options: JobOptions): Promise<number> {
  return runJob(terminal, { path: "/keys/verify", body: {}, doing: "Verifying", options });
}
