import { type Command, InvalidArgumentError } from "commander";

/** The options of every command that is about secrets in a place. */
export const placed = (command: Command): Command =>
  command
    .option("-e, --env <environment>", "the environment, by name or id")
    .option("-p, --project <project>", "the project, by name or id")
    .option("-t, --tenant <tenant>", "the tenant, by slug or id: for an operator's token")
    .option("--url <address>", "where the server is");

/** `A,B` as a list of names. */
export function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.some((name) => name === "")) throw new InvalidArgumentError("It is a list of names such as A,B.");
  return list;
}

/** A version's number. */
export function version(text: string): number {
  if (/^v?[1-9]\d{0,8}$/.test(text)) return Number(text.replace("v", ""));
  throw new InvalidArgumentError("It is a version's number, such as 3.");
}

/** Two versions' numbers, `1,3`. */
export function twoVersions(text: string): [number, number] {
  const [one, other, ...more] = text.split(",").map((number) => version(number.trim()));
  if (one === undefined || other === undefined || more.length > 0)
    throw new InvalidArgumentError("It is two versions' numbers, such as 1,3.");
  return [one, other];
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A time such as 90s, 30m, 24h or 7d, in seconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,8})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("It is a time such as 30m, 24h or 7d; 0s is none.");
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}
