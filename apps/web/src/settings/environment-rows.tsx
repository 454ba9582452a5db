import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis, Pencil, Stamp, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, trpc } from "../data/trpc.ts";
import { inOrder } from "../place/order.ts";
import { Badge } from "../ui/badge.tsx";
import { Listed } from "../ui/listed.tsx";
import type { MenuAction } from "../ui/menu.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { tell } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { se } from "./messages.ts";
import { NameForm } from "./place-form.tsx";
import { ProtectForm } from "./protect-form.tsx";
import { refreshPlaces } from "./refresh.ts";

export type Environment = Outputs["environments"]["list"]["environments"][number];

interface Props {
  tenant: string;
  project: { id: string; name: string };
}

/** A project's environments, and what can be done with each. */
export function EnvironmentRows({ tenant, project }: Props) {
  const input = { tenant, project: project.id };
  const query = useInfiniteQuery(
    inPages(trpc.environments.list.infiniteQueryKey(input), (page, options) =>
      client.environments.list.query({ ...input, limit: 100, ...page }, options),
    ),
  );
  const environments = inOrder(query.data?.pages.flatMap((page) => page.environments) ?? []);
  return (
    <Listed
      query={query}
      label={se.environments(project.name)}
      waiting={3}
      empty={<p className="px-4 py-3 text-sm text-muted">{se.noEnvironments}</p>}
    >
      {environments.map((environment) => (
        <EnvironmentRow
          key={environment.id}
          tenant={tenant}
          project={project.name}
          environment={environment}
        />
      ))}
    </Listed>
  );
}

function EnvironmentRow({
  tenant,
  project,
  environment,
}: {
  tenant: string;
  project: string;
  environment: Environment;
}) {
  const may = useMay();
  const [open, setOpen] = useState<"rename" | "protect" | "remove" | null>(null);
  const { id, name, protection } = environment;
  const close = () => setOpen(null);
  const actions: MenuAction[] = [
    ...(may("environment.rename")
      ? [
          {
            id: "rename",
            label: se.rename,
            icon: <Pencil size={15} aria-hidden />,
            run: () => setOpen("rename"),
          },
        ]
      : []),
    ...(may("environment.protect")
      ? [
          {
            id: "protect",
            label: se.protect,
            icon: <Stamp size={15} aria-hidden />,
            run: () => setOpen("protect"),
          },
        ]
      : []),
    ...(may("environment.delete")
      ? [
          {
            id: "remove",
            label: se.remove,
            icon: <Trash2 size={15} aria-hidden />,
            danger: true,
            run: () => setOpen("remove"),
          },
        ]
      : []),
  ];
  return (
    <li className="flex min-h-12 items-center gap-3 py-1.5 pr-2 pl-4">
      <Link
        to="/t/$tenant/$project/$environment"
        params={{ tenant, project, environment: name }}
        className="min-w-0 truncate rounded text-sm hover:underline"
      >
        {name}
      </Link>
      {protection === null ? null : <Badge tone="accent">{se.twoFor[protection]}</Badge>}
      <div className="ml-auto">
        {actions.length === 0 ? null : (
          <MenuButton label={se.more(`${project} / ${name}`)} hint={se.moreHint} actions={actions}>
            <Ellipsis size={16} aria-hidden />
          </MenuButton>
        )}
      </div>
      {open === "rename" ? (
        <NameForm
          title={se.renameTitle(name)}
          lead={se.renameLead}
          now={name}
          done={se.renamed}
          work={(given) => client.environments.rename.mutate({ tenant, environment: id, name: given })}
          onClose={close}
        />
      ) : null}
      {open === "protect" ? <ProtectForm tenant={tenant} environment={environment} onClose={close} /> : null}
      {open === "remove" ? (
        <TypeTheName
          title={se.removeEnvironment(name)}
          lead={se.removeEnvironmentLead}
          name={name}
          label={se.type}
          word={se.remove}
          busyWord={se.deleting}
          onClose={close}
          work={async () => {
            await client.environments.delete.mutate({ tenant, environment: id });
            tell(se.removed(name));
            await refreshPlaces();
          }}
        />
      ) : null}
    </li>
  );
}
