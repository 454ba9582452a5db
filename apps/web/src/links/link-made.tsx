import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { k } from "./messages.ts";

/** A link, this once; for a form in a frame, the markup too. */
export function LinkMade({ url, framed, onClose }: { url: string; framed: boolean; onClose: () => void }) {
  return (
    <ShownOnceDialog
      title={k.made}
      lead={k.madeText}
      token={url}
      name={k.madeName}
      label={k.madeLabel}
      onClose={onClose}
    >
      {framed ? (
        <>
          <p className="mt-5 mb-2 text-sm text-muted">{k.snippet}</p>
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and is selected by keyboard too.
            tabIndex={0}
            className="overflow-x-auto rounded-xl border border-line bg-sunken p-3 text-xs whitespace-pre-wrap"
          >
            {'<iframe src="…" title="…"\n  style="width: 100%; height: 26rem; border: 0"></iframe>'}
          </pre>
        </>
      ) : null}
    </ShownOnceDialog>
  );
}
