import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown } from "lucide-react";
import { trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { MenuButton } from "../ui/menu-button.tsx";
import { inOrder } from "./order.ts";

interface Place {
  tenant: string;
  project: string;
  environment: string;
}

/** Where one is: the project, and its environments side by side. */
export function PlaceBar({ tenant, project, environment }: Place) {
  const navigate = useNavigate();
  const projects = useQuery(trpc.projects.list.queryOptions({ tenant })).data?.projects ?? [];
  const environments = useEnvironments(tenant, project).data ?? [{ id: environment, name: environment }];
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      {projects.length > 1 ? (
        <MenuButton
          label={`${m.place.project}: ${project}`}
          actions={projects.map(({ id, name }) => ({
            id,
            label: name,
            run: () => void navigate({ to: "/t/$tenant", params: { tenant }, search: { project: name } }),
          }))}
        >
          {project}
          <ChevronsUpDown size={13} aria-hidden />
        </MenuButton>
      ) : (
        <span className="text-sm font-medium text-muted">{project}</span>
      )}
      <span aria-hidden className="text-line-strong">
        /
      </span>
      <nav aria-label={m.place.environments} className="-m-1 flex max-w-full gap-0.5 overflow-x-auto p-1">
        {environments.map(({ id, name }) => (
          <Link
            key={id}
            to="/t/$tenant/$project/$environment"
            params={{ tenant, project, environment: name }}
            className="flex h-7 items-center rounded-md px-2.5 text-sm font-medium whitespace-nowrap text-muted hover:bg-hover hover:text-ink"
            activeProps={{ className: "bg-accent-soft! text-accent-text!" }}
          >
            {name}
          </Link>
        ))}
      </nav>
    </div>
  );
}

export function useEnvironments(tenant: string, project: string) {
  return useQuery({
    ...trpc.environments.list.queryOptions({ tenant, project }),
    select: ({ environments }) => inOrder(environments),
  });
}
