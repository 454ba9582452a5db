import type { Terminal } from "../terminal.ts";
import { type JobOptions, runJob } from "./job.ts";

export function rotate(terminal: Terminal, options: JobOptions & { to?: string }): Promise<number> {
  const body = options.to === undefined ? {} : { to: options.to };
  return runJob(terminal, { path: "/keys/rotate", body, doing: "Rotating", options });
}
