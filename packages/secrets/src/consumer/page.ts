import { z } from "zod";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { displayName } from "../input/text.ts";
import type { ConsumerView } from "./schema.ts";

/** The name that a page of consumers comes after. @throws KeyfoldError `bad_input` */
export function afterName(cursor: string | undefined): string {
  return decodeCursor(z.tuple([displayName]), cursor)?.[0] ?? "";
}

/** @param rows one more than the limit, where there are so many */
export function pageOf(
  rows: ConsumerView[],
  limit: number,
): { consumers: ConsumerView[]; nextCursor: string | null } {
  const consumers = rows.slice(0, limit);
  const last = consumers.at(-1);
  return {
    consumers,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor([last.name]) : null,
  };
}
