import type { Outputs } from "../data/trpc.ts";
import { dates } from "../locale.ts";

export type Schedule = NonNullable<Outputs["rotation"]["getPolicy"]["schedule"]>;
export type Day = "sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat";
export const DAYS: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** A schedule while it is filled in. */
export interface ScheduleDraft {
  when: string;
  cron: string;
  timeZone: string;
  windowed: boolean;
  from: string;
  to: string;
  days: readonly Day[];
}

export function draftOfSchedule(schedule: Schedule | null): ScheduleDraft {
  const window = schedule?.window;
  return {
    when: schedule === null ? "90" : (schedule.everyDays?.toString() ?? "cron"),
    cron: schedule?.cron ?? "0 3 1 * *",
    timeZone: schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    windowed: window !== undefined,
    from: window?.from ?? "02:00",
    to: window?.to ?? "05:00",
    days: (window?.days as Day[] | undefined) ?? [],
  };
}

/** As the server wants it; null: at no set time. */
export function scheduleOf(draft: ScheduleDraft): Schedule | null {
  if (draft.when === "never") return null;
  const { from, to, days } = draft;
  return {
    ...(draft.when === "cron"
      ? { cron: draft.cron.trim() }
      : { everyDays: Number(draft.when) as NonNullable<Schedule["everyDays"]> }),
    timeZone: draft.timeZone,
    ...(draft.windowed ? { window: { from, to, ...(days.length === 0 ? {} : { days: [...days] }) } } : {}),
  };
}

const names = dates({ weekday: "short", timeZone: "UTC" });
/** "Mon". 2024-01-01 was one. */
export const dayName = (day: Day): string => names.format(new Date(Date.UTC(2024, 0, 1 + DAYS.indexOf(day))));

/** A schedule in words. */
export function sayWhen({ everyDays, cron, timeZone, window }: Schedule): string {
  const when = everyDays === undefined ? `${cron} (${timeZone})` : `Every ${everyDays} days`;
  if (window === undefined) return when;
  const days = (window.days as Day[] | undefined)?.map(dayName).join(", ");
  return `${when}, ${window.from} to ${window.to}${days === undefined ? "" : ` on ${days}`}${cron === undefined ? ` (${timeZone})` : ""}`;
}
