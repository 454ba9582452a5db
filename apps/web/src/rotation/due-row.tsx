import { Link } from "@tanstack/react-router";
import {
  CalendarClock,
  CircleAlert,
  Clock,
  Hourglass,
  LoaderCircle,
  OctagonX,
  TriangleAlert,
} from "lucide-react";
import { Badge } from "../ui/badge.tsx";
import { Moment } from "../ui/moment.tsx";
import { r } from "./messages.ts";
import type { Due, DueState } from "./use-due.ts";

const ICONS: Record<DueState, typeof Clock> = {
  failed: OctagonX,
  expired: CircleAlert,
  overdue: TriangleAlert,
  running: LoaderCircle,
  due: Clock,
  expiring: Hourglass,
  coming: CalendarClock,
};
const TONES: Record<DueState, string> = {
  failed: "text-danger-text",
  expired: "text-danger-text",
  overdue: "text-danger-text",
  running: "text-accent-text",
  due: "text-warn-text",
  expiring: "text-warn-text",
  coming: "text-muted",
};

/** One secret: what it waits for, and who or what does it. */
export function DueRow({ tenant, due }: { tenant: string; due: Due }) {
  const Icon = ICONS[due.state];
  const ends = due.state === "expiring" || due.state === "expired";
  const at = ends ? due.expiresAt : (due.nextRotationAt ?? due.expiresAt);
  return (
    <li>
      <Link
        to="/t/$tenant/$project/$environment/s/$secretId"
        params={{
          tenant,
          project: due.project.name,
          environment: due.environment.name,
          secretId: due.secretId,
        }}
        className="flex items-center gap-3 px-4 py-2.5 text-sm -outline-offset-2 hover:bg-hover"
      >
        <Icon size={16} aria-hidden className={`shrink-0 ${TONES[due.state]}`} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-mono font-medium">{due.name}</span>
          <span className="block truncate text-xs text-muted">
            {due.project.name} / {due.environment.name} · {r.by(due.rotator)}
            {due.owner === null ? "" : ` · ${r.owner(due.owner)}`}
          </span>
        </span>
        {due.required ? (
          <span className="hidden sm:block">
            <Badge>{r.required}</Badge>
          </span>
        ) : null}
        <span className="shrink-0 text-right">
          {at === null ? null : (
            <span className={`block font-medium ${TONES[due.state]}`}>
              <span className="sr-only">{ends ? r.ends : r.next} </span>
              <Moment at={at} />
            </span>
          )}
          <span className="block text-xs text-muted">
            {due.lastRotatedAt === null ? (
              r.never
            ) : (
              <>
                {r.last} <Moment at={due.lastRotatedAt} />
              </>
            )}
          </span>
        </span>
      </Link>
    </li>
  );
}
