import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import type { Outputs } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { exactly } from "../ui/from-now.ts";
import { Moment } from "../ui/moment.tsx";
import type { Filters } from "./filters.ts";
import { au } from "./messages.ts";

type Event = Outputs["audit"]["list"]["events"][number];

const TONES: Record<Event["outcome"], Tone> = {
  success: "plain",
  denied: "danger",
  not_found: "warn",
  decryption_failed: "danger",
  error: "danger",
};

/** One event: a line, and all that is known of it below when opened. */
export function AuditRow({
  event,
  onOnly,
}: {
  event: Event;
  /** Shows only what this one did, or what was done to this. */
  onOnly: (only: Partial<Pick<Filters, "actor" | "target">>) => void;
}) {
  const { actor, target, outcome } = event;
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="flex min-h-12 w-full items-center gap-3 px-4 py-2 text-left text-sm -outline-offset-2 hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={`shrink-0 text-faint transition-transform duration-100 ${open ? "rotate-90" : ""}`}
        />
        <span className="grid min-w-0 flex-1 grid-cols-1 gap-x-4 sm:grid-cols-[16rem_minmax(0,1fr)_auto] sm:items-center">
          <span className="flex items-center gap-2">
            <code className="text-sm font-medium whitespace-nowrap">{event.action}</code>
            {outcome === "success" ? null : <Badge tone={TONES[outcome]}>{au.outcomes[outcome]}</Badge>}
          </span>
          <span className="truncate">
            {target?.name ? <code>{target.name}</code> : null}
            {target?.version ? (
              <span className="text-muted"> {m.secrets.atVersion(target.version)}</span>
            ) : null}
          </span>
          <span className="truncate text-muted">
            {actor.name ?? actor.type} · <Moment at={event.time} />
          </span>
        </span>
      </button>
      {open ? (
        <div id={id} className="bg-sunken px-4 py-3 sm:pl-11">
          <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
            <Fact name={au.when} text={exactly(event.time)} />
            <Fact name={au.who} text={`${actor.name ?? m.unknown} (${actor.type})`} />
            <Fact name={au.outcome} text={au.outcomes[outcome] ?? outcome} />
            <Fact name={au.reason} text={event.reason} />
            <Fact name={au.target} text={target?.id ?? null} mono />
            <Fact name={au.ip} text={event.ip} mono />
            <Fact name={au.agent} text={event.userAgent} />
            <Fact name={m.failure.correlation} text={event.correlationId} mono />
            <Fact name={au.sequence} text={String(event.seq)} mono />
            {Object.entries(event.details).map(([key, value]) => (
              <Fact key={key} name={key} text={value === null ? null : String(value)} mono />
            ))}
          </dl>
          <div className="mt-3 flex flex-wrap gap-2">
            {actor.id === null ? null : (
              <Button
                size="sm"
                onPress={() => onOnly({ actor: { id: actor.id!, name: actor.name ?? actor.type } })}
              >
                {au.onlyActor(actor.name ?? actor.type)}
              </Button>
            )}
            {target?.id ? (
              <Button
                size="sm"
                onPress={() => onOnly({ target: { id: target.id!, name: target.name ?? target.id! } })}
              >
                {au.onlyTarget(target.name ?? target.id)}
              </Button>
            ) : null}
          </div>
        </div>
      ) : null}
    </li>
  );
}

function Fact({ name, text, mono = false }: { name: string; text: string | null; mono?: boolean }) {
  if (text === null) return null;
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className={mono ? "font-mono text-xs leading-5 break-all" : ""}>{text}</dd>
    </>
  );
}
