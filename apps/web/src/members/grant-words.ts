import type { Place } from "../data/places.ts";
import type { Outputs } from "../data/trpc.ts";
import { exactly } from "../ui/from-now.ts";
import { mm } from "./messages.ts";

export type Member = Outputs["members"]["list"]["members"][number];
export type StoredGrant = Member["grants"][number];
export type Roles = Outputs["roles"]["list"];

/** The name of a role: one of ours, or of the tenant's own by its id. */
export function roleName(role: string, roles: Roles | undefined): string {
  return mm.roles[role] ?? roles?.roles.find(({ id }) => id === role)?.name ?? mm.unknownRole;
}

/** Where and until when a grant holds, in words; empty for everywhere and for good. */
export function boundsOf(grant: StoredGrant, places: readonly Place[], now: number): string {
  const projects = grant.projects?.map((id) => places.find((place) => place.id === id)?.name ?? null);
  const environments = grant.environments?.map((id) => environmentName(id, places));
  return [
    // An environment names its project already.
    ...(projects === undefined || environments !== undefined ? [] : [listed(projects)]),
    ...(environments === undefined ? [] : [listed(environments)]),
    ...(grant.prefix === null ? [] : [mm.only(grant.prefix)]),
    ...(grant.expiresAt === null
      ? []
      : [
          Date.parse(grant.expiresAt) <= now
            ? mm.ended
            : `${mm.until.toLowerCase()} ${exactly(grant.expiresAt)}`,
        ]),
  ].join(", ");
}

function environmentName(id: string, places: readonly Place[]): string | null {
  for (const place of places)
    for (const environment of place.environments)
      if (environment.id === id) return `${place.name} / ${environment.name}`;
  return null;
}

const listed = (names: readonly (string | null)[]): string =>
  names.map((name) => name ?? mm.unknownPlace).join(", ");
