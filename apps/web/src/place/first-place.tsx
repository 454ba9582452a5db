import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useParams, useRouterState, useSearch } from "@tanstack/react-router";
import { FolderOpen } from "lucide-react";
import { trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { Leading } from "./leading.tsx";

/** Opens a tenant at `default` and `dev`, or at the first project and environment that the token may see. */
export function FirstPlace() {
  return (
    <Leading>
      <Lead />
    </Leading>
  );
}

function Lead() {
  const { tenant } = useParams({ from: "/app/t/$tenant" });
  const { project: wanted } = useSearch({ from: "/app/t/$tenant" });
  useTitle(m.secrets.title, tenant);
  // Whoever went on meanwhile, to a screen whose code is still on its way, is not led back.
  const stays = useRouterState({ select: ({ location }) => location.pathname === `/t/${tenant}` });
  const projects = useQuery(trpc.projects.list.queryOptions({ tenant }));
  const project = pick(projects.data?.projects, wanted ?? "default");
  const environments = useQuery({
    ...trpc.environments.list.queryOptions({ tenant, project: project?.id ?? "" }),
    enabled: project !== undefined,
  });
  const environment = pick(environments.data?.environments, "dev");

  const failed = projects.error ?? environments.error;
  if (failed)
    return (
      <FailureState
        error={failed}
        onRetry={() => void (projects.error ? projects : environments).refetch()}
      />
    );
  if (projects.data && project === undefined)
    return (
      <State
        icon={<FolderOpen size={20} aria-hidden />}
        title={m.place.noProjects}
        text={m.place.noProjectsText}
      >
        <ToSettings tenant={tenant} />
      </State>
    );
  if (environments.data && environment === undefined)
    return (
      <State icon={<FolderOpen size={20} aria-hidden />} title={m.place.none} text={m.place.noneText}>
        <ToSettings tenant={tenant} />
      </State>
    );
  if (project && environment && stays)
    return (
      <Navigate
        to="/t/$tenant/$project/$environment"
        params={{ tenant, project: project.name, environment: environment.name }}
        replace
      />
    );
  return <SkeletonRows />;
}

function ToSettings({ tenant }: { tenant: string }) {
  return (
    <Link
      to="/t/$tenant/settings"
      params={{ tenant }}
      className="text-sm font-medium text-accent-text underline underline-offset-2"
    >
      {m.place.toSettings}
    </Link>
  );
}

function pick<T extends { name: string }>(list: readonly T[] | undefined, preferred: string): T | undefined {
  return list?.find((item) => item.name === preferred) ?? list?.[0];
}
