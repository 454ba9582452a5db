import { k } from "./messages.ts";

const DAY = 86_400;

/** How long a link may work. A share's at most a week. */
export const LIVES = [
  { id: "hour", label: k.lives.hour, seconds: 3600 },
  { id: "day", label: k.lives.day, seconds: DAY },
  { id: "week", label: k.lives.week, seconds: 7 * DAY },
  { id: "month", label: k.lives.month, seconds: 30 * DAY },
] as const;
export type Life = (typeof LIVES)[number]["id"];

export const secondsOf = (life: Life): number => LIVES.find(({ id }) => id === life)!.seconds;
