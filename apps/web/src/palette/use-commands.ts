import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import { useIdentity } from "../data/identity.ts";
import { client, type Secret, trpc } from "../data/trpc.ts";
import { usePages } from "../frame/use-pages.ts";
import { inOrder } from "../place/order.ts";
import type { Command } from "./commands.ts";
import { p } from "./messages.ts";
import { useActions } from "./use-actions.ts";

/** Everything that can be gone to or done from here. @param only places: what the switcher offers */
export function useCommands(
  typed: string,
  { only, onHelp }: { only: "places" | null; onHelp: () => void },
): Command[] {
  const { tenant } = useParams({ strict: false });
  const places = usePlaces(tenant);
  const tenants = useTenants();
  const keys = useKeys(tenant, typed, only === null);
  const pages = usePageCommands(tenant);
  const actions = useActions(onHelp);
  return useMemo(
    () =>
      only === "places" ? [...places, ...tenants] : [...pages, ...actions, ...keys, ...places, ...tenants],
    [only, pages, actions, keys, places, tenants],
  );
}

function usePageCommands(tenant: string | undefined): Command[] {
  const navigate = useNavigate();
  const { ofTenant, ofOperators } = usePages();
  return useMemo(() => {
    const go = (label: string, detail: string | undefined, run: () => void): Command => ({
      id: `go ${label}`,
      group: p.groups.go,
      label,
      ...(detail === undefined ? {} : { detail }),
      run,
    });
    const inTenant =
      tenant === undefined
        ? []
        : ofTenant.map(({ to, label, key }) =>
            go(label, `g ${key}`, () => void navigate({ to, params: { tenant } })),
          );
    const others = ofOperators.map(({ to, label }) => go(label, undefined, () => void navigate({ to })));
    return [...inTenant, ...others];
  }, [navigate, tenant, ofTenant, ofOperators]);
}

/** The environments of all projects of the tenant. */
function usePlaces(tenant: string | undefined): Command[] {
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ["places", tenant],
    enabled: tenant !== undefined,
    queryFn: async ({ signal }) => {
      const { projects } = await client.projects.list.query({ tenant: tenant! }, { signal });
      return Promise.all(
        projects.map(async ({ name }) => {
          const { environments } = await client.environments.list.query(
            { tenant: tenant!, project: name },
            { signal },
          );
          return { project: name, environments: inOrder(environments) };
        }),
      );
    },
  });
  return useMemo(
    () =>
      (data ?? []).flatMap(({ project, environments }) =>
        environments.map(
          ({ id, name: environment }): Command => ({
            id: `place ${id}`,
            group: p.groups.places,
            label: `${project} / ${environment}`,
            detail: tenant!,
            run: () =>
              void navigate({
                to: "/t/$tenant/$project/$environment",
                params: { tenant: tenant!, project, environment },
              }),
          }),
        ),
      ),
    [navigate, tenant, data],
  );
}

function useTenants(): Command[] {
  const navigate = useNavigate();
  const operator = useIdentity().type === "operator";
  const tenants = useQuery({ ...trpc.tenants.list.queryOptions({ limit: 100 }), enabled: operator }).data
    ?.tenants;
  return useMemo(
    () =>
      (tenants ?? []).map(({ id, slug, name }) => ({
        id: `tenant ${id}`,
        group: p.groups.tenants,
        label: slug,
        ...(name === slug ? {} : { detail: name }),
        run: () => void navigate({ to: "/t/$tenant", params: { tenant: slug } }),
      })),
    [navigate, tenants],
  );
}

/** Keys that are loaded somewhere already, and those whose names begin as was typed. */
function useKeys(tenant: string | undefined, typed: string, enabled: boolean): Command[] {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const prefix = useDeferredValue(typed.trim());
  const found = useQuery({
    ...trpc.secrets.list.queryOptions({ tenant: tenant ?? "", prefix, limit: 20 }),
    enabled: enabled && tenant !== undefined && prefix.length >= 2,
    retry: false,
  }).data?.secrets;
  return useMemo(() => {
    if (tenant === undefined || !enabled || typed.trim() === "") return [];
    const known = new Map<string, Secret>();
    for (const [key, data] of queries.getQueriesData<{ pages?: { secrets?: Secret[] }[] }>(
      trpc.secrets.list.pathFilter(),
    )) {
      if (!JSON.stringify(key).includes(JSON.stringify(tenant))) continue;
      for (const page of data?.pages ?? [])
        for (const secret of page.secrets ?? []) known.set(secret.id, secret);
    }
    for (const secret of found ?? []) known.set(secret.id, secret);
    return [...known.values()].map(({ id, name, project, environment }) => ({
      id: `key ${id}`,
      group: p.groups.keys,
      label: name,
      detail: `${project.name} / ${environment.name}`,
      run: () =>
        void navigate({
          to: "/t/$tenant/$project/$environment/s/$secretId",
          params: { tenant, project: project.name, environment: environment.name, secretId: id },
        }),
    }));
  }, [navigate, queries, tenant, enabled, typed, found]);
}
