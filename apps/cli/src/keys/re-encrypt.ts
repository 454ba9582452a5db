import type { Terminal } from "../terminal.ts";
import { type JobOptions, runJob } from "./job.ts";

export function reEncrypt(
  terminal: Terminal,
  tenant: string | undefined,
  options: JobOptions & { secret?: string; digests?: boolean },
): Promise<number> {
  const body = {
    ...(tenant === undefined ? {} : { tenant }),
    ...(options.secret === undefined ? {} : { secret: options.secret }),
    ...(options.digests ? { digests: true } : {}),
  };
  return runJob(terminal, { path: "/keys/re-encrypt", body, doing: "Re-encrypting", options });
}
