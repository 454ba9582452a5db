import { m } from "../messages.ts";

/** What stands for a value that is not shown: twelve dots for every value, drawn and not written. */
export function Mask() {
  return (
    <span className="inline-flex align-middle text-faint">
      {/* A dashed line whose dashes are its round caps. */}
      <svg aria-hidden="true" width="116" height="6" className="stroke-current">
        <line x1="3" y1="3" x2="114" y2="3" strokeWidth="4.5" strokeLinecap="round" strokeDasharray="0 10" />
      </svg>
      <span className="sr-only">{m.reveal.masked}</span>
    </span>
  );
}
