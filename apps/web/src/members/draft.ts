import { EVERYWHERE, keyOf, whereOf } from "../data/places.ts";
import type { StoredGrant } from "./grant-words.ts";
import type { mm } from "./messages.ts";

const DAY = 86_400_000;
const LENGTHS = { day: DAY, week: 7 * DAY, month: 30 * DAY, quarter: 90 * DAY } as const;

/** Places that no single choice stands for are kept as they are. */
export const AS_BEFORE = "as before";

/** One right while it is edited. */
export interface Draft {
  key: number;
  role: string;
  where: string;
  prefix: string;
  until: keyof typeof mm.untils;
  /** What it was before, for what stays as it is. */
  before: StoredGrant | null;
}

let next = 1;

export const newDraft = (role: string): Draft => ({
  key: next++,
  role,
  where: EVERYWHERE,
  prefix: "",
  until: "never",
  before: null,
});

export const draftOf = (grant: StoredGrant): Draft => ({
  key: next++,
  role: grant.role,
  where: keyOf(grant) ?? AS_BEFORE,
  prefix: grant.prefix ?? "",
  until: grant.expiresAt === null ? "never" : "same",
  before: grant,
});

/** What is sent for a draft. A right that ends as it did keeps its very moment. @param now milliseconds */
export function grantOf({ role, where, prefix, until, before }: Draft, now: number): StoredGrant {
  return {
    role,
    ...(where === AS_BEFORE && before !== null
      ? { projects: before.projects, environments: before.environments }
      : whereOf(where)),
    prefix: prefix.trim() === "" ? null : prefix.trim(),
    expiresAt:
      until === "never"
        ? null
        : until === "same"
          ? (before?.expiresAt ?? null)
          : new Date(now + LENGTHS[until]).toISOString(),
  };
}
