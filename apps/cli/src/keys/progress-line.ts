import type { Job } from "./job.ts";

/** One line of at most `columns - 1` characters: what is going on, a bar, how far, how fast, and how long still. */
export function progressLine(
  doing: string,
  job: Pick<Job, "done" | "total" | "rate" | "seconds_left">,
  columns: number,
): string {
  const part = job.total === 0 ? 1 : Math.min(1, job.done / job.total);
  const facts = [
    `${Math.floor(part * 100)} %`,
    `${job.done}/${job.total} keys`,
    ...(job.rate === null ? [] : [`${Math.round(job.rate)}/s`]),
    ...(job.seconds_left === null ? [] : [`${duration(job.seconds_left)} left`]),
  ].join("  ");
  const width = Math.min(30, columns - 1 - doing.length - facts.length - 4);
  // Padded, so that a shorter line leaves nothing of a longer one before it.
  const room = Math.max(0, columns - 1);
  return `${doing} ${bar(part, width)}${facts}`.slice(0, room).padEnd(room);
}

/** `part` from 0 to 1; nothing where there is no room. */
export function bar(part: number, width: number): string {
  const filled = Math.round(part * width);
  return width < 5 ? "" : `[${"#".repeat(filled)}${"-".repeat(width - filled)}] `;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 90 * 60 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
