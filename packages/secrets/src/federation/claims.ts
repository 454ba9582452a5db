import { z } from "zod";
import { text } from "../input/text.ts";

/**
 * What claims must be, by claim: one of some patterns. A claim is named by its name, or, where it is nested, by a JSON
 * Pointer (RFC 6901) such as `/kubernetes.io/namespace`. In a pattern `*` stands for any characters but "/" and ":", and
 * `**` for any at all.
 */
export type ClaimRules = Readonly<Record<string, readonly string[]>>;

const pattern = text(1, 512).refine((p) => /[^*]/.test(p), { error: "would match anything" });
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern).min(1).max(20)]);
const names = z.custom<Record<string, unknown>>(
  (t) => typeof t === "object" && t !== null && !Array.isArray(t) && !Object.hasOwn(t, "__proto__"),
  { error: "is no map of claims", abort: true },
);

/** 1 to 20 claims, each with 1 to 20 patterns. */
export const claimRules = names
  .pipe(z.record(text(1, 255), patterns))
  .refine((rules) => Object.keys(rules).length <= 20, { error: "holds more than 20 claims" })
  .refine((rules) => Object.keys(rules).length >= 1, {
    error: "holds no claim: then every workload of this issuer would be let in",
  })
  .meta({ type: "object", minProperties: 1, maxProperties: 20 });

export const storedClaims = z.record(z.string(), z.array(z.string()).min(1));

/** Whether a token's claims are what a rule wants: every claim that it names is there, with a value that fits. */
export function claimsFit(rules: ClaimRules, payload: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(rules).every(([name, wanted]) => {
    const value = claimOf(payload, name);
    const values = Array.isArray(value) ? value : [value];
    return values.some((one) => {
      const spelt = spell(one);
      return spelt !== null && wanted.some((pattern) => fits(pattern, spelt));
    });
  });
}

function claimOf(payload: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  if (!name.startsWith("/")) return undefined;
  let value: unknown = payload;
  for (const part of name.slice(1).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

const spell = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : null;

/** Step by step and not as a regular expression, whose time a pattern could stretch. */
export function fits(pattern: string, value: string): boolean {
  const parts = pattern.split(/(\*+)/);
  // Where the value can stand after each part: positions, each once.
  let at = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    if (part === "") continue;
    for (const from of at) {
      if (part.startsWith("*")) {
        for (let to = from; to <= value.length; to++) {
          next.add(to);
          if (part === "*" && (value[to] === "/" || value[to] === ":")) break;
        }
      } else if (value.startsWith(part, from)) next.add(from + part.length);
    }
    if (next.size === 0) return false;
    at = next;
  }
  return at.has(value.length);
}

/**
 * Issuers that sign for everybody: which of their claims say whose a workload is, and what of it must be written out.
 * GitHub's and GitLab's documentation of their tokens' claims.
 */
const SHARED: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  "https://token.actions.githubusercontent.com": {
    sub: /^repo:[^*/:]+\//,
    repository: /^[^*/]+\//,
    repository_id: /^[^*]+$/,
    repository_owner: /^[^*]+$/,
    repository_owner_id: /^[^*]+$/,
  },
  "https://gitlab.com": {
    sub: /^project_path:[^*/:]+\//,
    project_path: /^[^*/]+\//,
    project_id: /^[^*]+$/,
    namespace_path: /^[^*]+$/,
    namespace_id: /^[^*]+$/,
  },
};

/** Why a rule would let strangers in, in a sentence; null: it would not. */
export function openToAll(issuer: string, rules: ClaimRules): string | null {
  const own = SHARED[issuer.replace(/\/+$/, "")];
  if (own === undefined) return null;
  const bound = Object.entries(own).some(([claim, whose]) =>
    rules[claim]?.every((pattern) => whose.test(pattern)),
  );
  return bound
    ? null
    : `lets in strangers, since this issuer signs for everybody: name the owner, without a *, in one of ${Object.keys(own).join(", ")}`;
}
