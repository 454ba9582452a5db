import { CircleCheck, CircleX } from "lucide-react";
import type { Outputs } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Badge } from "../ui/badge.tsx";
import { CARD } from "../ui/page-header.tsx";
import { ac } from "./messages.ts";

/** What was asked in which order, and what each said. */
export function Verdict({ answer }: { answer: Outputs["access"]["explain"] }) {
  const { allowed, steps, actor, action, secret } = answer;
  return (
    <div className={CARD}>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line px-5 py-4">
        <h2 className="min-w-0 flex-1 font-semibold tracking-tight break-words">
          {ac.verdict(actor.name ?? m.unknown, action, secret?.name ?? null)}
        </h2>
        <Badge tone={allowed ? "good" : "danger"}>{allowed ? ac.allowed : ac.refused}</Badge>
      </header>
      <ol className="divide-y divide-line">
        {steps.map((step) => (
          <li key={step.asks} className="flex gap-3 px-5 py-3.5">
            <span className={`mt-0.5 ${step.allowed ? "text-good-text" : "text-danger-text"}`}>
              {step.allowed ? (
                <CircleCheck size={17} aria-label={ac.yes} role="img" />
              ) : (
                <CircleX size={17} aria-label={ac.no} role="img" />
              )}
            </span>
            <div className="min-w-0">
              <p className="text-sm font-medium">{ac.steps[step.asks]}</p>
              <p className="text-sm text-muted">{step.why}</p>
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}
