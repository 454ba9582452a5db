import { hash } from "node:crypto";
import { jsonSchemaOf } from "./naming.ts";
import type { Route } from "./route.ts";

/** Whether a route's answers carry an entity tag: those that read one thing, which has an id. */
export function isTagged(route: Route): boolean {
  if (route.method !== "GET") return false;
  const { properties = {} } = jsonSchemaOf(route.answer?.schema ?? route.verb.output, "output");
  return properties.id !== undefined && properties.nextCursor === undefined;
}

/**
 * An answer's entity tag (RFC 9110 §8.8.3): a digest of its ids, versions and other metadata, and never of a value, of which a
 * tag would else be an equality test. A value is fixed by its version's number.
 * @returns null where there is no version that would tell one value from the next: what an upstream gave
 */
export function entityTag(output: unknown): string | null {
  if (typeof output !== "object" || output === null) return null;
  const { value: _, ...rest } = output as Record<string, unknown>;
  if (typeof rest.id !== "string" || rest.upstream != null || rest.version === 0) return null;
  const digest = hash("sha256", JSON.stringify(rest), "base64url");
  return `"${digest.slice(0, 22)}"`;
}

/** Whether a request's `If-None-Match` names this tag (RFC 9110 §13.1.2: weak comparison). */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const named = header.split(",").map((part) => part.trim().replace(/^W\//, ""));
  return named.includes("*") || named.includes(tag);
}
