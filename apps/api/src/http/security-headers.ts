/**
 * No script and no style but our own files; `style-src-attr` for the positions that the panel's components write into
 * style attributes, which cannot load or run anything.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
];

/**
 * No text becomes markup or script, and no code may declare that one could (Trusted Types without a policy): neither the
 * panel nor what it is built of needs to.
 */
const NO_MARKUP = ["require-trusted-types-for 'script'", "trusted-types 'none'"];

const CONTENT_SECURITY_POLICY = [...POLICY, ...NO_MARKUP].join("; ");

/** For Swagger UI alone, which writes markup from the descriptions of our own document. */
const POLICY_OF_DOCUMENTATION = POLICY.join("; ");

const JSON_TYPE = /^application\/(?:problem\+)?json(?:;|$)/;

/** What every answer carries but JSON. */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", CONTENT_SECURITY_POLICY],
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["x-frame-options", "DENY"],
  [
    "permissions-policy",
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
  ],
];

/**
 * What every answer of JSON carries: what OWASP's REST Security Cheat Sheet asks of each answer of an API, and that no page of
 * another site may take it in. It is never a page itself: whatever a browser makes of its text loads, runs and frames nothing.
 * What acts on pages alone (opener, permissions, referrer) would be written for every read, and be read by every client, in vain.
 */
export const HEADERS_OF_JSON: readonly (readonly [string, string])[] = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["x-content-type-options", "nosniff"],
  ["cross-origin-resource-policy", "same-origin"],
  ["x-frame-options", "DENY"],
];

/** A year, in seconds. */
export const HSTS = "max-age=31536000";

/**
 * Puts the headers on every answer. What does not say how it may be cached may not be.
 * @param of.frames origins of the sites in whose frames the answer may stand
 * @param of.documentation whether this is the API's documentation
 * @param hsts whether browsers shall come by https only from now on: never for `localhost`, which is every program's
 */
export function secure(
  headers: Headers,
  hsts: boolean,
  of: { frames: readonly string[]; documentation: boolean } = { frames: [], documentation: false },
): void {
  const isJson = JSON_TYPE.test(headers.get("content-type") ?? "");
  for (const [name, value] of isJson ? HEADERS_OF_JSON : SECURITY_HEADERS) headers.set(name, value);
  if (of.frames.length > 0) framed(headers, of.frames);
  if (of.documentation) headers.set("content-security-policy", POLICY_OF_DOCUMENTATION);
  if (hsts) headers.set("strict-transport-security", HSTS);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}

/** Only these sites show it, and none of them reads it. */
function framed(headers: Headers, frames: readonly string[]): void {
  const policy = CONTENT_SECURITY_POLICY.replace(
    "frame-ancestors 'none'",
    `frame-ancestors ${frames.join(" ")}`,
  );
  headers.set("content-security-policy", policy);
  headers.delete("x-frame-options");
  // A site that isolates itself may show it, too.
  headers.set("cross-origin-resource-policy", "cross-origin");
}
