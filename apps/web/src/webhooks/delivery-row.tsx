import { Link } from "@tanstack/react-router";
import { Check, ChevronRight, Clock, OctagonX, Send } from "lucide-react";
import { useId, useState } from "react";
import { Badge } from "../ui/badge.tsx";
import { IconButton } from "../ui/button.tsx";
import { exactly } from "../ui/from-now.ts";
import { Moment } from "../ui/moment.tsx";
import type { Delivery } from "./deliveries.tsx";
import { w } from "./messages.ts";

const LOOKS = {
  delivered: { Icon: Check, tone: "good", colour: "text-good-text" },
  waiting: { Icon: Clock, tone: "warn", colour: "text-warn-text" },
  dead: { Icon: OctagonX, tone: "danger", colour: "text-danger-text" },
} as const;

interface Props {
  tenant: string;
  delivery: Delivery;
  onReplay: (() => void) | null;
}

/** One message: where it stands, and below it every attempt. */
export function DeliveryRow({ tenant, delivery, onReplay }: Props) {
  const { kind, name, state, attempts, createdAt, nextAttemptAt, log, message, secretId } = delivery;
  const [open, setOpen] = useState(false);
  const id = useId();
  const { Icon, tone, colour } = LOOKS[state];
  const last = log.at(-1);
  return (
    <li>
      <div className="flex items-center gap-1 pr-2 hover:bg-hover">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          className="flex min-h-13 min-w-0 flex-1 items-center gap-3 px-4 py-2 text-left text-sm -outline-offset-2"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={`shrink-0 text-faint transition-transform duration-100 ${open ? "rotate-90" : ""}`}
          />
          <Icon size={15} aria-hidden className={`shrink-0 ${colour}`} />
          <span className="min-w-0 flex-1">
            <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
              <code className="font-medium">{kind}</code>
              <Badge tone={tone}>{w.log.states[state]}</Badge>
              {last?.status == null ? null : (
                <span className="font-mono text-xs text-muted">{last.status}</span>
              )}
            </span>
            <span className="block truncate text-xs text-muted">
              {name === null ? null : <span className="font-mono">{name} · </span>}
              <Moment at={createdAt} /> · {w.log.attempts(attempts)}
              {nextAttemptAt === null || attempts === 0 ? null : (
                <>
                  {" · "}
                  {w.log.next} <Moment at={nextAttemptAt} />
                </>
              )}
            </span>
          </span>
        </button>
        {onReplay === null || state === "waiting" ? null : (
          <IconButton aria-label={w.log.replayFor(kind)} hint={w.log.replay} onPress={onReplay}>
            <Send size={14} aria-hidden />
          </IconButton>
        )}
      </div>
      {open ? (
        <div id={id} className="bg-sunken px-4 py-3 text-sm sm:pl-15">
          {log.length === 0 ? (
            <p className="text-muted">{w.log.attempts(0)}</p>
          ) : (
            <ol aria-label={w.log.details(kind)} className="space-y-1">
              {log.map((entry) => (
                <li key={`${entry.attempt} ${entry.at}`} className="flex flex-wrap gap-x-4 gap-y-0.5">
                  <span className="w-20 font-medium">{w.log.attempt(entry.attempt)}</span>
                  <span className="text-muted">{exactly(entry.at)}</span>
                  <span className="font-mono text-xs leading-5">
                    {entry.status ?? w.log.noAnswer}
                    {entry.failure === null ? "" : ` ${entry.failure}`}
                  </span>
                  <span className="text-muted tabular-nums">{w.log.ms(entry.ms)}</span>
                </li>
              ))}
            </ol>
          )}
          <p className="mt-2 flex flex-wrap gap-x-4 text-xs text-muted">
            <span>
              {w.log.id} <code className="select-all">{message}</code>
            </span>
            {secretId === null ? null : (
              <Link
                to="/go/$tenant/$secretId"
                params={{ tenant, secretId }}
                className="rounded font-medium text-accent-text hover:underline"
              >
                {w.log.open}
              </Link>
            )}
          </p>
        </div>
      ) : null}
    </li>
  );
}
