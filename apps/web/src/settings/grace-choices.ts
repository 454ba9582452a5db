import { l } from "../life/messages.ts";
import { se } from "./messages.ts";

/** Seconds that are offered. */
const OFFERED = [3_600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400] as const;

/** A grace in words. @param seconds null: the deployment's default */
export const graceWords = (seconds: number | null): string =>
  seconds === null ? se.graces.default : seconds === 0 ? se.graces.none : l.duration(seconds);

/** The graces to choose from: those that are offered, and the one that is set. */
export function graceChoices(now: number | null): { id: string; label: string }[] {
  const all = new Set<number | null>([null, 0, ...OFFERED, now]);
  return [...all]
    .toSorted((a, b) => (a ?? -1) - (b ?? -1))
    .map((seconds) => ({ id: String(seconds), label: graceWords(seconds) }));
}
