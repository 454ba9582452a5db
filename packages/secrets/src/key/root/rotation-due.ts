import type { Transaction } from "@keyfold/db";
import type { Services } from "../../flow/services.ts";

/** How long a root key serves before it is due for its rotation, in days, where nobody says otherwise. */
export const ROTATION_DAYS = 90;

const DAY_MS = 24 * 60 * 60 * 1000;

export interface RotationDue {
  /** When it has served its time. */
  at: Date;
  /** Whether it has, or has wrapped as often as it should. */
  overdue: boolean;
  /** How often it has wrapped in our own processes, at most; 0 for key services, which count for themselves. */
  wraps: number;
}

/** When the current root key is due for its rotation. As the deployment's role. */
export async function rotationDue(
  { sql, now }: Pick<Transaction, "sql" | "now">,
  { rotationDays, wrapLimits }: Pick<Services, "rotationDays" | "wrapLimits">,
  root: { id: string; createdAt: Date | null },
): Promise<RotationDue> {
  const at = new Date((root.createdAt ?? now).getTime() + rotationDays * DAY_MS);
  const counted = await sql.rootWrapCount.findUnique({ where: { opener: root.id } });
  const wraps = Number(counted?.reserved ?? 0);
  return { at, overdue: now >= at || wraps >= wrapLimits.rotateAt, wraps };
}

/** Whole days between two moments. */
export const daysBetween = (from: Date, to: Date): number =>
  Math.max(0, Math.floor((to.getTime() - from.getTime()) / DAY_MS));
