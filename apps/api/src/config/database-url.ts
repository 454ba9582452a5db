/** A URL, or null where the text is none. */
export function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** The login role that a connection string names; null where it names none. */
export function roleOf(databaseUrl: string): string | null {
  const url = urlOf(databaseUrl);
  const name = url?.username || url?.searchParams.get("user");
  try {
    return name ? decodeURIComponent(name) : null;
  } catch {
    return null;
  }
}
