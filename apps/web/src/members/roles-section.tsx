import type { UseQueryResult } from "@tanstack/react-query";
import { MoreHorizontal, Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMay } from "../data/identity.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { Section } from "../ui/section.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import type { Roles } from "./grant-words.ts";
import { mm } from "./messages.ts";
import { RoleForm } from "./role-form.tsx";

export type OwnRole = Roles["roles"][number];
type Doing = { what: "create" } | { what: "change" | "delete"; role: OwnRole };

/** The roles of every tenant, and this one's own. */
export function RolesSection({ tenant, query }: { tenant: string; query: UseQueryResult<Roles, unknown> }) {
  const may = useMay();
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  return (
    <Section
      title={mm.rolesTitle}
      text={mm.rolesText}
      actions={
        may("role.create") ? (
          <Button onPress={() => setDoing({ what: "create" })}>
            <Plus size={15} aria-hidden />
            {mm.newRole}
          </Button>
        ) : null
      }
    >
      {query.error ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data === undefined ? (
        <SkeletonRows />
      ) : (
        <ul aria-label={mm.rolesTitle} className="divide-y divide-line">
          {query.data.roles.map((role) => (
            <Row key={role.id} name={role.name} summary={role.summary} actions={role.actions.length}>
              <MenuButton
                label={mm.actionsFor(role.name)}
                hint={mm.actionsFor(role.name)}
                actions={[
                  ...(may("role.change")
                    ? [{ id: "change", label: mm.change, run: () => setDoing({ what: "change", role }) }]
                    : []),
                  ...(may("role.delete")
                    ? [
                        {
                          id: "delete",
                          label: mm.deleteWord,
                          danger: true,
                          run: () => setDoing({ what: "delete", role }),
                        },
                      ]
                    : []),
                ]}
              >
                <MoreHorizontal size={16} aria-hidden />
              </MenuButton>
            </Row>
          ))}
          {query.data.ours.map(({ name, summary, actions }) => (
            <Row key={name} name={mm.roles[name] ?? name} summary={summary} actions={actions.length}>
              <Badge>{mm.ours}</Badge>
            </Row>
          ))}
        </ul>
      )}
      {doing === null ? null : doing.what === "delete" ? (
        <Confirm
          title={mm.deleteRoleTitle(doing.role.name)}
          text={mm.deleteRoleText}
          word={mm.deleteWord}
          onClose={close}
          work={async () => {
            await client.roles.delete.mutate({ tenant, id: doing.role.id });
            tell(mm.roleDeleted(doing.role.name));
            await queries.invalidateQueries(trpc.roles.pathFilter());
          }}
        />
      ) : (
        <RoleForm tenant={tenant} role={doing.what === "change" ? doing.role : null} onClose={close} />
      )}
    </Section>
  );
}

function Row({
  name,
  summary,
  actions,
  children,
}: {
  name: string;
  summary: string;
  actions: number;
  children: ReactNode;
}) {
  return (
    <li className="flex min-h-14 items-center gap-4 px-4 py-3">
      <div className="grid min-w-0 flex-1 gap-x-6 gap-y-0.5 sm:grid-cols-[14rem_minmax(0,1fr)] sm:items-center">
        <p className="min-w-0 font-medium break-words">{name}</p>
        <p className="min-w-0 text-sm break-words text-muted">
          {summary === "" ? "" : `${summary} · `}
          <span className="whitespace-nowrap">{mm.actions(actions)}</span>
        </p>
      </div>
      {children}
    </li>
  );
}
