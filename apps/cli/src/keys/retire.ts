import type { Terminal } from "../terminal.ts";
import { type JobOptions, runJob } from "./job.ts";

export function retire(terminal: Terminal, opener: string, options: JobOptions): Promise<number> {
  return runJob(terminal, { path: "/keys/retire", body: { opener }, doing: "Retiring", options });
}
