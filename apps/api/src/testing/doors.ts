import { PEOPLE_ROUTES } from "../people/routes.ts";

/*
 * The ways in over HTTP that lead to no verb, by method and path. What is mounted and stands neither here nor in the table of
 * the REST routes fails `routes.test.ts`; what stands here and leaves no audit event fails `ways-in.test.ts`.
 */

export const SESSION_DOORS = ["POST /session", "DELETE /session"] as const;
export const PEOPLE_DOORS: readonly string[] = PEOPLE_ROUTES.map(({ method, path }) => `${method} ${path}`);
export const FEDERATION_DOORS = ["POST /api/federation/token"] as const;
/** At the links' own origin. */
export const LINK_DOORS = [
  "GET /l/:id",
  "POST /links/look",
  "POST /links/hand-in",
  "POST /links/open",
] as const;

export const DOORS: readonly string[] = [
  ...SESSION_DOORS,
  ...PEOPLE_DOORS,
  ...FEDERATION_DOORS,
  ...LINK_DOORS,
];
