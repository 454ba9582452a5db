import type { Outputs } from "../data/trpc.ts";

type Outcome = Outputs["audit"]["list"]["events"][number]["outcome"];

export const ALL = "all";
const HOUR = 3_600_000;
const BACK = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR } as const;
export type Since = "ever" | keyof typeof BACK;

/** Which events are shown. */
export interface Filters {
  action: string;
  outcome: string;
  since: Since;
  /** From when on, fixed when it was chosen: else each look would be another question. */
  from: string | null;
  actor: { id: string; name: string } | null;
  target: { id: string; name: string } | null;
}

export const EVERYTHING: Filters = {
  action: ALL,
  outcome: ALL,
  since: "ever",
  from: null,
  actor: null,
  target: null,
};

/** @param now milliseconds */
export const fromOf = (since: Since, now: number): string | null =>
  since === "ever" ? null : new Date(now - BACK[since]).toISOString();

/** Whether all that happens is shown, whatever the time. */
export const isOfAll = ({ action, outcome, actor, target }: Filters): boolean =>
  action === ALL && outcome === ALL && actor === null && target === null;

export const inputOf = ({ action, outcome, from, actor, target }: Filters) => ({
  ...(action === ALL ? {} : { action }),
  ...(outcome === ALL ? {} : { outcome: outcome as Outcome }),
  ...(from === null ? {} : { since: from }),
  ...(actor === null ? {} : { actor: actor.id }),
  ...(target === null ? {} : { target: target.id }),
});
