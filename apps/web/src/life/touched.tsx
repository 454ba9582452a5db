import { useState } from "react";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { SkeletonRows } from "../ui/state.tsx";
import { ConsumerList } from "./consumer-list.tsx";
import { l } from "./messages.ts";
import { type BlastRadius, useBlastRadius } from "./use-blast-radius.ts";

/** Whom a change touches, before it is made. What cannot be found out is said, and stops nobody. */
export function Touched({ tenant, secret }: { tenant: string; secret: { id: string; name: string } }) {
  const query = useBlastRadius(tenant, secret.id);
  return (
    <section aria-label={l.before}>
      <h3 className="mb-1.5 text-sm font-medium">{l.before}</h3>
      {query.isPending ? (
        <SkeletonRows rows={1} />
      ) : query.error ? (
        <p className="text-sm text-muted">{l.unknown}</p>
      ) : query.data.total === 0 ? (
        <p className="text-sm text-muted">{l.beforeNone}</p>
      ) : (
        <ConsumerList name={secret.name} radius={query.data} first={3} />
      )}
    </section>
  );
}

export interface Forced {
  reason: string;
  force: boolean;
  /** Whether all is said that the server will ask for. */
  ready: boolean;
  field: React.ReactNode;
}

/**
 * The reason for ending something, and, where consumers still use it, the tick without which it is refused.
 * @param standing how many consumers use it, as far as is known
 * @param refused whether the server said so
 */
export function useForced(standing: number, refused: boolean, { required }: { required: boolean }): Forced {
  const [reason, setReason] = useState("");
  const [ticked, setTicked] = useState(false);
  const asks = standing > 0 || refused;
  const force = asks && ticked;
  const needs = required || asks;
  return {
    reason: reason.trim(),
    force,
    ready: (!asks || ticked) && (!needs || reason.trim() !== ""),
    field: (
      <>
        {asks ? (
          <div className="rounded-lg bg-warn-soft px-3 py-2.5 text-warn-text">
            <Checkbox checked={ticked} onChange={setTicked}>
              <span className="font-medium">{l.force.anyway}</span>
              <span className="block">
                {standing > 0 ? `${l.force.stands(standing)}. ` : ""}
                {l.force.stillUse}
              </span>
            </Checkbox>
          </div>
        ) : null}
        <Field
          label={l.force.reason}
          optional={!needs}
          hint={asks ? l.force.needed : l.force.hint}
          value={reason}
          onChange={setReason}
        />
      </>
    ),
  };
}

/** How many consumers have a live instance on a version; on any, where none is named. */
export function standingOn(radius: BlastRadius | undefined, version: number | null): number {
  if (radius === undefined) return 0;
  if (version === null) return radius.current + radius.behind;
  return radius.uses.find((use) => use.version === version)?.consumers ?? 0;
}
