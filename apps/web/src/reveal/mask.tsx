import { m } from "../messages.ts";

/** What stands for a value that is not shown: the same length for every value. */
export function Mask() {
  return (
    <span className="font-mono text-sm tracking-[0.15em] text-faint select-none">
      <span aria-hidden>••••••••••••</span>
      <span className="sr-only">{m.reveal.masked}</span>
    </span>
  );
}
