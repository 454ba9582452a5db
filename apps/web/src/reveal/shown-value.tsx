import { Copy, EyeOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { m } from "../messages.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { copyAndTell } from "./read-value.ts";
import { type Revealed, SHOWN_FOR } from "./use-reveal.ts";

/** A value, in the open for half a minute: in a text node, never in an attribute. */
export function ShownValue({ revealed, onHide }: { revealed: Revealed; onHide: () => void }) {
  const { name, value, encoding } = revealed;
  const lines = value.split("\n").length;
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    // In braces: newer browsers return a promise, which React would take for a clean-up.
    box.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <section
      ref={box}
      aria-label={m.reveal.valueOf(name)}
      className="overflow-hidden rounded-xl border border-accent/40 bg-surface"
    >
      <div className="h-0.5 origin-left bg-accent animate-drain" />
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long value is scrolled by keyboard, too.
        tabIndex={0}
        className="max-h-72 overflow-auto px-3.5 py-3 text-sm break-all whitespace-pre-wrap -outline-offset-2"
      >
        {value}
      </pre>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line bg-sunken px-3.5 py-2 text-xs text-muted">
        <span>{m.reveal.version(revealed.version)}</span>
        <span>{lines > 1 ? m.reveal.lines(lines) : m.reveal.characters(Array.from(value).length)}</span>
        {encoding === "base64" ? <Badge tone="accent">{m.reveal.binary}</Badge> : null}
        {encoding === "utf8" && value.trim() !== value ? (
          <Badge tone="warn">{m.reveal.whitespace}</Badge>
        ) : null}
        <span className="ml-auto flex items-center gap-1.5">
          <Countdown />
          <Button size="sm" look="quiet" onPress={() => void copyAndTell(name, async () => value)}>
            <Copy size={14} aria-hidden />
            {m.copy}
          </Button>
          <Button size="sm" look="quiet" onPress={onHide} aria-label={m.reveal.hideFor(name)}>
            <EyeOff size={14} aria-hidden />
            {m.reveal.hide}
          </Button>
        </span>
      </div>
    </section>
  );
}

function Countdown() {
  const [left, setLeft] = useState(SHOWN_FOR / 1000);
  useEffect(() => {
    const ends = Date.now() + SHOWN_FOR;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((ends - Date.now()) / 1000))), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="mr-1 tabular-nums" aria-hidden>
      {m.reveal.hidesIn(left)}
    </span>
  );
}

/** Tells screen readers that a value came or went, without reading it out. */
export function RevealAnnouncer({ shown }: { shown: boolean }) {
  const [text, setText] = useState("");
  useEffect(() => {
    setText((before) => (shown ? m.reveal.shown(SHOWN_FOR / 1000) : before === "" ? "" : m.reveal.hidden));
  }, [shown]);
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  );
}
