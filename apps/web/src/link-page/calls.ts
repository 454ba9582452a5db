import { callPeople } from "../data/people.ts";

/** What a link is about, before anybody clicks. */
export interface LinkLook {
  kind: "request" | "share";
  label: string;
  note: string;
  tenant: string;
  writeOnly: boolean;
  origins: readonly string[];
  expiresAt: string;
}

/** A link's id, and what is secret of it. */
export interface Held {
  id: string;
  secret: string;
}

export const look = (held: Held): Promise<LinkLook> => callPeople("POST", "/links/look", held);

export const handIn = (held: Held, value: string): Promise<{ reference: string; receivedAt: string }> =>
  callPeople("POST", "/links/hand-in", { ...held, value });

export const open = (held: Held): Promise<{ value: string; encoding: "utf8" | "base64" }> =>
  callPeople("POST", "/links/open", held);

/**
 * Takes the link from the address. Its secret stands behind the "#" and is removed from there, so that neither the history
 * nor a bookmark keeps it. null: there is none.
 */
export function takeHeld(): Held | null {
  const { hash, pathname } = window.location;
  const id = /^\/l\/([0-9a-f-]{36})$/.exec(pathname)?.[1];
  const secret = hash.slice(1);
  if (secret !== "") window.history.replaceState(null, "", pathname);
  return id === undefined || secret === "" ? null : { id, secret };
}

/** Tells the site that shows this page in a frame that it was used; never of the value. */
export function tellSite(origins: readonly string[], reference: string): void {
  if (window.parent === window) return;
  const site = window.location.ancestorOrigins?.[0];
  const told = site === undefined ? origins : origins.filter((origin) => origin === site);
  for (const origin of told) window.parent.postMessage({ type: "keyfold:handed-in", reference }, origin);
}
