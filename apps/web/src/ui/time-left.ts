import { useEffect, useState } from "react";

const STEPS: readonly [string, number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** What is left until a moment, in its two largest units: "23 h 59 min". Empty when it has passed. @param ms milliseconds */
export function timeLeft(ms: number): string {
  let seconds = Math.floor(ms / 1000);
  if (seconds <= 0) return "";
  const first = STEPS.findIndex(([, size]) => seconds >= size);
  return STEPS.slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const n = Math.floor(seconds / size);
      seconds -= n * size;
      return n === 0 ? [] : [`${n} ${unit}`];
    })
    .join(" ");
}

/** The time, again and again. @param every milliseconds; null: it stands still */
export function useNow(every: number | null = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
