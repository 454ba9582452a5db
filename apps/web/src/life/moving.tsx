import { useQuery } from "@tanstack/react-query";
import { CheckCircle2 } from "lucide-react";
import type { Secret, Version } from "../data/trpc.ts";
import { trpc } from "../data/trpc.ts";
import { SkeletonRows } from "../ui/state.tsx";
import { timeLeft, useNow } from "../ui/time-left.ts";
import { ConsumerList } from "./consumer-list.tsx";
import { l } from "./messages.ts";
import { running, useBlastRadius } from "./use-blast-radius.ts";

interface Props {
  tenant: string;
  secret: Pick<Secret, "id" | "name">;
  /** The version that is new. */
  version: number;
}

/** After a rotation: who has moved, as it happens, and how long the others have. */
export function Moving({ tenant, secret, version }: Props) {
  const query = useBlastRadius(tenant, secret.id, true);
  // What was known before the rotation says nothing of who has moved.
  if (query.data === undefined || (query.data.version ?? 0) < version) return <SkeletonRows rows={2} />;
  const radius = query.data;
  const of = running(radius);
  const text =
    of === 0 ? l.moving.nobody : radius.behind === 0 ? l.moving.done(of) : l.moving.some(radius.current, of);
  return (
    <div className="space-y-4">
      <div>
        <p role="status" className="mb-1.5 flex items-center gap-2 text-sm font-medium">
          {radius.behind === 0 ? <CheckCircle2 size={16} aria-hidden className="text-good-text" /> : null}
          {text}
        </p>
        <div
          role="progressbar"
          aria-label={l.moving.bar}
          aria-valuemin={0}
          aria-valuemax={of}
          aria-valuenow={radius.current}
          aria-valuetext={text}
          className="h-2 overflow-hidden rounded-full bg-line"
        >
          <div
            className="h-full rounded-full bg-accent transition-[width] duration-500"
            style={{ width: of === 0 ? "100%" : `${(radius.current / of) * 100}%` }}
          />
        </div>
        <OldVersion tenant={tenant} id={secret.id} />
      </div>
      <ConsumerList name={secret.name} radius={radius} />
    </div>
  );
}

function OldVersion({ tenant, id }: { tenant: string; id: string }) {
  const versions = useQuery(trpc.versions.list.queryOptions({ tenant, id, limit: 2 })).data?.versions;
  const now = useNow();
  const old: Version | undefined = versions?.[1];
  if (old === undefined) return null;
  const left = old.openUntil === null || !old.opens ? "" : timeLeft(Date.parse(old.openUntil) - now);
  return (
    <p className="mt-1.5 text-xs text-muted tabular-nums">
      {old.held ? l.grace.held : left === "" ? l.moving.closed : l.moving.left(left)}
    </p>
  );
}
