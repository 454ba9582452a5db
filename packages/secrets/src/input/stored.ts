import type { ActorRefView } from "./text.ts";

/** A stored `created_by`, as views show it. */
export function jsonActor(json: unknown): ActorRefView {
  const { type, id, name } = json as ActorRefView;
  return { type, id, name };
}

export const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
