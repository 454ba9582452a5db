import { Cron } from "croner";
import { z } from "zod";
import { nextOpen, windowSchema } from "./window.ts";

const EVERY_DAYS = [7, 30, 90, 180, 365] as const;
const DAY_MS = 86_400_000;

/** One spelling per zone that this Node knows; offsets are refused, since they know no clock changes. */
const timeZone = z
  .string()
  .max(64)
  .refine((name) => isZone(name), { message: "a time zone of the IANA database, such as Europe/Berlin" });

/** When a secret shall be rotated. */
export const scheduleSchema = z
  .strictObject({
    everyDays: z
      .union(
        EVERY_DAYS.map((days) => z.literal(days)) as unknown as [z.ZodLiteral<number>, z.ZodLiteral<number>],
      )
      .optional()
      .describe("7, 30, 90, 180 or 365 days after the last rotation."),
    cron: z
      .string()
      .max(100)
      .optional()
      .describe("Or a cron expression of five fields: minute, hour, day of month, month, day of week."),
    timeZone: timeZone.default("UTC"),
    window: windowSchema
      .optional()
      .describe("Rotations begin in this window only, by the time zone; what is due outside waits for it."),
  })
  .superRefine((schedule, context) => {
    const say = (message: string, path: string[] = []) => context.addIssue({ code: "custom", message, path });
    if ((schedule.everyDays === undefined) === (schedule.cron === undefined))
      return say("give either everyDays or cron");
    if (!isZone(schedule.timeZone)) return;
    if (schedule.cron !== undefined) {
      const cron = cronOf(schedule.cron, schedule.timeZone);
      if (cron === null) return say("a cron expression of five fields, such as 0 3 1 * *", ["cron"]);
      if (cron.nextRun(new Date()) === null)
        return say("this expression never fires: no such day comes", ["cron"]);
    }
    if (schedule.window !== undefined && nextOpen(schedule.window, schedule.timeZone, new Date()) === null)
      say("this window never opens", ["window"]);
  });
export type Schedule = z.output<typeof scheduleSchema>;

/**
 * When a secret that was last rotated, or given its policy, at `since` is due. Days are of 24 hours. A cron expression
 * counts by the clock on the wall: a time that a clock change leaves out fires when the clock has moved, and one that
 * comes twice fires at the first.
 * @returns null where it never is
 */
export function dueAfter(schedule: Schedule, since: Date): Date | null {
  const at =
    schedule.everyDays !== undefined
      ? new Date(since.getTime() + schedule.everyDays * DAY_MS)
      : (cronOf(schedule.cron!, schedule.timeZone)?.nextRun(since) ?? null);
  if (at === null || schedule.window === undefined) return at;
  return nextOpen(schedule.window, schedule.timeZone, at);
}

/** Five fields or a nickname such as @monthly; seconds and years would make one that fires in floods, or once. */
function cronOf(expression: string, timezone: string): Cron | null {
  const text = expression.trim();
  if (!/^@\w+$/.test(text) && text.split(/\s+/).length !== 5) return null;
  try {
    return new Cron(text, { timezone, paused: true });
  } catch {
    return null;
  }
}

function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
