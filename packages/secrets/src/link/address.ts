import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";

/** @throws KeyfoldError `illegal_state` where links are served nowhere */
export function originOfLinks({ linkOrigin }: Services): string {
  if (linkOrigin !== null) return linkOrigin;
  throw new KeyfoldError("illegal_state", {
    sentence: "Links are not served here. Whoever runs Keyfold switches them on with KEYFOLD_LINKS_PORT.",
  });
}

/** A link's address. Its id says which page to serve, and in which sites' frames; what is secret stands behind the `#`. */
export const urlOf = (origin: string, id: string, secret: string): string => `${origin}/l/${id}#${secret}`;
