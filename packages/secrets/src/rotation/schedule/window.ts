import { Cron } from "croner";
import { z } from "zod";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day is HH:MM");

/** When rotations may begin: between two times of day, on some days or all, by the policy's time zone. */
export const windowSchema = z
  .strictObject({
    from: time,
    /** The window ends before it; earlier than `from`: on the next day. */
    to: time,
    /** The days that a window begins on; every day when left out. */
    days: z.array(z.enum(DAYS)).min(1).max(7).optional(),
  })
  .refine(({ from, to }) => from !== to, {
    message: "a window of no length never opens: give it another end",
  });
export type Window = z.output<typeof windowSchema>;

/** Looked through before it is said that a window never opens. A yearly clock change can close one for a day. */
const TRIES = 16;

/** Whether a moment lies in a window. */
export function isOpen(window: Window, timeZone: string, at: Date): boolean {
  const { day, time } = wallClock(timeZone, at);
  const on = (which: number) => window.days === undefined || window.days.includes(DAYS[which]!);
  if (window.from < window.to) return time >= window.from && time < window.to && on(day);
  return (time >= window.from && on(day)) || (time < window.to && on((day + 6) % 7));
}

/**
 * The first moment from `at` on that lies in a window. A window that a clock change leaves out of a day opens on the next
 * one that has it.
 * @returns null where it never opens
 */
export function nextOpen(window: Window, timeZone: string, at: Date): Date | null {
  if (isOpen(window, timeZone, at)) return at;
  const [hours, minutes] = window.from.split(":").map(Number);
  const opens = new Cron(`${minutes} ${hours} * * ${window.days?.join(",") ?? "*"}`, {
    timezone: timeZone,
    paused: true,
  });
  let candidate: Date | null = at;
  for (let tries = 0; tries < TRIES && candidate !== null; tries++) {
    candidate = opens.nextRun(candidate);
    if (candidate !== null && isOpen(window, timeZone, candidate)) return candidate;
  }
  return null;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock and a calendar on a wall there show. @throws RangeError for a zone that is not known */
function wallClock(timeZone: string, at: Date): { day: number; time: string } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.weekday!.toLowerCase() as (typeof DAYS)[number]),
    time: `${parts.hour}:${parts.minute}`,
  };
}
