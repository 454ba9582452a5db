import { m } from "../messages.ts";

/** What stands for a value that is not shown: twelve dots for every value, drawn and not written. */
export function Mask() {
  return (
    <span className="inline-flex text-faint">
      <span
        aria-hidden
        className="h-1.5 w-30 bg-[radial-gradient(circle,currentColor_2px,transparent_2.6px)] bg-[length:10px_6px]"
      />
      <span className="sr-only">{m.reveal.masked}</span>
    </span>
  );
}
