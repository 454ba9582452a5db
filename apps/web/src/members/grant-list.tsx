import type { Place } from "../data/places.ts";
import { Badge } from "../ui/badge.tsx";
import { boundsOf, type Roles, roleName, type StoredGrant } from "./grant-words.ts";

interface Props {
  grants: readonly StoredGrant[];
  roles: Roles | undefined;
  places: readonly Place[];
}

/** What somebody was given: each role with where and until when. */
export function GrantList({ grants, roles, places }: Props) {
  const now = Date.now();
  return (
    <ul className="space-y-1">
      {grants.map((grant, index) => {
        const bounds = boundsOf(grant, places, now);
        return (
          <li
            key={`${index} ${grant.role}`}
            className="flex flex-wrap items-center gap-x-2 gap-y-0.5 text-sm"
          >
            <Badge tone={grant.role === "owner" ? "accent" : "plain"}>{roleName(grant.role, roles)}</Badge>
            {bounds === "" ? null : <span className="min-w-0 break-words text-muted">{bounds}</span>}
          </li>
        );
      })}
    </ul>
  );
}
