import { Check, Copy, Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { Button } from "../ui/button.tsx";
import { exactly } from "../ui/from-now.ts";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { type Held, type LinkLook, open } from "./calls.ts";
import { Ended, Notice } from "./link-page.tsx";
import { k } from "./messages.ts";

/** Shows what is shared on a click, once; then it is in this page only, until it is hidden or left. */
export function OpenShare({ held, link }: { held: Held; link: LinkLook }) {
  const { busy, failed, run } = useAction();
  const [shown, setShown] = useState<string | null>(null);
  const [hidden, setHidden] = useState(false);

  const show = () => run(async () => setShown((await open(held)).value));

  if (hidden) return <Notice icon={<EyeOff size={20} aria-hidden />} title={k.hidden} text={k.hiddenText} />;
  if (failed !== null && toFailure(failed).code === "link_ended") return <Ended />;
  return (
    <section>
      <h1 className="text-xl font-semibold tracking-tight">{link.label}</h1>
      <p className="mt-1 text-muted">{k.shares(link.tenant)}</p>
      {link.note === "" ? null : (
        <p className="mt-3 rounded-lg bg-sunken px-3 py-2.5 whitespace-pre-wrap">{link.note}</p>
      )}
      <div aria-live="polite">
        {shown === null ? (
          <>
            <p className="mt-4 text-sm text-muted">
              {k.once} {k.until(exactly(link.expiresAt))}
            </p>
            <FailureNote error={failed} />
          </>
        ) : (
          <p className="mt-4 text-sm font-medium text-warn-text">{k.shown}</p>
        )}
      </div>
      {shown === null ? (
        <div className="mt-5">
          <Button look="primary" size="lg" wide isPending={busy} onPress={() => void show()}>
            <Eye size={16} aria-hidden />
            {busy ? k.showing : k.show}
          </Button>
        </div>
      ) : (
        <Shown
          label={link.label}
          value={shown}
          onHide={() => {
            setShown(null);
            setHidden(true);
          }}
        />
      )}
    </section>
  );
}

function Shown({ label, value, onHide }: { label: string; value: string; onHide: () => void }) {
  const [copied, setCopied] = useState<"yes" | "failed" | null>(null);
  const copy = () =>
    void Promise.resolve()
      .then(() => navigator.clipboard.writeText(value))
      .then(
        () => setCopied("yes"),
        () => setCopied("failed"),
      );
  return (
    <>
      <section
        aria-label={label}
        className="mt-4 overflow-hidden rounded-xl border border-accent/40 bg-sunken"
      >
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and is selected by keyboard, too.
          tabIndex={0}
          className="max-h-80 overflow-auto px-3.5 py-3 text-sm break-all whitespace-pre-wrap select-all -outline-offset-2"
        >
          {value}
        </pre>
      </section>
      <div className="mt-4 grid grid-cols-2 gap-2">
        <Button look="primary" onPress={copy}>
          {copied === "yes" ? <Check size={15} aria-hidden /> : <Copy size={14} aria-hidden />}
          {copied === "yes" ? k.copied : k.copy}
        </Button>
        <Button onPress={onHide}>
          <EyeOff size={14} aria-hidden />
          {k.hide}
        </Button>
      </div>
      <p role="status" className="mt-2 text-sm text-danger-text">
        {copied === "failed" ? k.copyFailed : ""}
      </p>
    </>
  );
}
