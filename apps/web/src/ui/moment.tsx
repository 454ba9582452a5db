import { exactly, fromNow } from "./from-now.ts";

/** A moment as people say it, exact on hover. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactly(at)} className="whitespace-nowrap">
      {fromNow(at, Date.now())}
    </time>
  );
}
