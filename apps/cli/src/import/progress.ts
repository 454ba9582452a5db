import { bar } from "../keys/progress-line.ts";

/** One line of at most `columns - 1` characters: which step, a bar where the end is known, and how many secrets. */
export function importLine(step: string, done: number, total: number | null, columns: number): string {
  const facts = total === null ? `${done} secrets` : `${done}/${total} secrets`;
  const width = Math.min(30, columns - 1 - step.length - facts.length - 4);
  const room = Math.max(0, columns - 1);
  const drawn = total === null ? "" : bar(total === 0 ? 1 : Math.min(1, done / total), width);
  return `${step} ${drawn}${facts}`.slice(0, room).padEnd(room);
}
