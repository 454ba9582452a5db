import { LinkIcon, Unlink } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { Logo } from "../ui/logo.tsx";
import { FailureState } from "../ui/state.tsx";
import { type Held, type LinkLook, look } from "./calls.ts";
import { HandIn } from "./hand-in.tsx";
import { k } from "./messages.ts";
import { OpenShare } from "./open-share.tsx";

/** What a link opens: looks what it is about, which uses nothing up, and waits for a click. */
export function LinkPage({ held }: { held: Held | null }) {
  const [link, setLink] = useState<LinkLook | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (held === null) return;
    let gone = false;
    setFailed(null);
    look(held).then(
      (found) => {
        if (gone) return;
        setLink(found);
        document.title = k.title(found.label);
      },
      (error: unknown) => gone || setFailed(error),
    );
    return () => {
      gone = true;
    };
  }, [held, tries]);

  if (held === null)
    return (
      <Sheet>
        <Notice icon={<LinkIcon size={20} aria-hidden />} title={k.incomplete} text={k.incompleteText} />
      </Sheet>
    );
  if (failed !== null) {
    const ended = ["link_ended", "bad_input"].includes(toFailure(failed).code);
    return (
      <Sheet>{ended ? <Ended /> : <FailureState error={failed} onRetry={() => setTries(tries + 1)} />}</Sheet>
    );
  }
  if (link === null)
    return (
      <Sheet>
        <p role="status" className="py-16 text-center text-muted">
          {k.looking}
        </p>
      </Sheet>
    );
  return (
    <Sheet>
      {link.kind === "request" ? <HandIn held={held} link={link} /> : <OpenShare held={held} link={link} />}
    </Sheet>
  );
}

/** What stands where a form would stand. */
export function Notice({ icon, title, text }: { icon: ReactNode; title: string; text: string }) {
  return (
    <section className="flex flex-col items-center py-6 text-center">
      <div className="mb-4 grid size-11 place-items-center rounded-xl border border-line bg-sunken text-muted">
        {icon}
      </div>
      <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
      <p className="mt-1 text-balance text-muted">{text}</p>
    </section>
  );
}

export function Ended() {
  return <Notice icon={<Unlink size={20} aria-hidden />} title={k.ended} text={k.endedText} />;
}

const FRAMED = window.parent !== window;

/** In a frame it fills what the site gives it; by itself it stands in the middle. */
function Sheet({ children }: { children: ReactNode }) {
  return (
    <main className={FRAMED ? "min-h-dvh bg-surface p-5" : "grid min-h-dvh place-items-center px-4 py-10"}>
      <div className={FRAMED ? "" : "w-full max-w-md"}>
        <div className={FRAMED ? "" : "rounded-2xl border border-line bg-surface p-6 shadow-lift sm:p-7"}>
          {children}
        </div>
        <p className="mt-5 flex items-center justify-center gap-2 text-sm text-muted">
          <Logo size={16} />
          {k.by}
        </p>
      </div>
    </main>
  );
}
