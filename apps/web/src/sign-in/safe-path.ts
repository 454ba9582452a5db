const HERE = "https://panel.invalid";

/**
 * Where to go after signing in: a path of this panel, never another site's address. Judged as browsers read
 * addresses: they drop tabs and line feeds, and take a backslash for a slash.
 */
export function safePath(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/") || !URL.canParse(next, HERE)) return "/";
  const { origin, pathname, search, hash } = new URL(next, HERE);
  if (origin !== HERE || pathname.startsWith("//") || pathname.startsWith("/sign-in")) return "/";
  return pathname + search + hash;
}
