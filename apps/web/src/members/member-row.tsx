import { useNavigate } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { useIdentity, useMay } from "../data/identity.ts";
import type { Place } from "../data/places.ts";
import { Badge } from "../ui/badge.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { Moment } from "../ui/moment.tsx";
import { GrantList } from "./grant-list.tsx";
import type { Member, Roles } from "./grant-words.ts";
import { mm } from "./messages.ts";

interface Props {
  tenant: string;
  member: Member;
  roles: Roles | undefined;
  places: readonly Place[];
  onChange: (() => void) | null;
  onRemove: (() => void) | null;
}

export function MemberRow({ tenant, member, roles, places, onChange, onRemove }: Props) {
  const { name, personId, grants, createdAt } = member;
  const own = useIdentity().id === personId;
  const may = useMay();
  const navigate = useNavigate();
  const actions = [
    ...(onChange === null ? [] : [{ id: "change", label: mm.change, run: onChange }]),
    ...(may("member.get")
      ? [
          {
            id: "explain",
            label: mm.explain,
            run: () =>
              void navigate({ to: "/t/$tenant/access", params: { tenant }, search: { person: personId } }),
          },
        ]
      : []),
    ...(onRemove === null ? [] : [{ id: "remove", label: mm.remove, danger: true, run: onRemove }]),
  ];
  return (
    <li className="flex items-start gap-4 px-4 py-3">
      <div className="grid min-w-0 flex-1 gap-x-6 gap-y-2 sm:grid-cols-[14rem_minmax(0,1fr)]">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2">
            <span className="min-w-0 font-medium break-words">{name}</span>
            {own ? <Badge tone="accent">{mm.you}</Badge> : null}
          </p>
          <p className="text-sm text-muted">
            {mm.since} <Moment at={createdAt} />
          </p>
        </div>
        <GrantList grants={grants} roles={roles} places={places} />
      </div>
      {actions.length === 0 ? null : (
        <MenuButton label={mm.actionsFor(name)} hint={mm.actionsFor(name)} actions={actions}>
          <MoreHorizontal size={16} aria-hidden />
        </MenuButton>
      )}
    </li>
  );
}
