import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { inOrder } from "../place/order.ts";
import { client } from "./trpc.ts";

export interface Place {
  id: string;
  name: string;
  environments: readonly { id: string; name: string }[];
}

/** All projects of a tenant with their environments, as far as one may see them. */
export const placesOptions = (tenant: string) =>
  queryOptions({
    queryKey: ["places with ids", tenant],
    queryFn: async ({ signal }): Promise<Place[]> => {
      const { projects } = await client.projects.list.query({ tenant }, { signal });
      return Promise.all(
        projects.map(async ({ id, name }) => {
          const { environments } = await client.environments.list.query({ tenant, project: id }, { signal });
          return { id, name, environments: inOrder(environments) };
        }),
      );
    },
  });

export const EVERYWHERE = "everywhere";

/** A place as one chooses it: everything, a project or an environment. */
export interface Where {
  projects: string[] | null;
  environments: string[] | null;
}

/** Choices of places, by a key that stands for a project or an environment, and what each means. */
export function usePlaceChoices(
  tenant: string,
  everywhere: string,
  all: (project: string) => string,
): { options: { id: string; label: string }[]; places: readonly Place[] } {
  const places = useQuery(placesOptions(tenant)).data ?? NONE;
  return useMemo(
    () => ({
      places,
      options: [
        { id: EVERYWHERE, label: everywhere },
        ...places.flatMap((project) => [
          { id: `p ${project.id}`, label: all(project.name) },
          ...project.environments.map(({ id, name }) => ({
            id: `e ${id}`,
            label: `${project.name} / ${name}`,
          })),
        ]),
      ],
    }),
    [places, everywhere, all],
  );
}
const NONE: readonly Place[] = [];

/** Every environment of a tenant's that one may see, to choose one of: the project `default` first. */
export function useEnvironmentChoices(tenant: string): { id: string; project: string; label: string }[] {
  const places = useQuery(placesOptions(tenant)).data ?? NONE;
  return places
    .toSorted((a, b) => Number(b.name === "default") - Number(a.name === "default"))
    .flatMap((project) =>
      project.environments.map(({ id, name }) => ({
        id,
        project: project.id,
        label: `${project.name} / ${name}`,
      })),
    );
}

/** What a choice's key means. */
export const whereOf = (key: string): Where => ({
  projects: key.startsWith("p ") ? [key.slice(2)] : null,
  environments: key.startsWith("e ") ? [key.slice(2)] : null,
});

/** The key of a place; null where it is several, which no single choice stands for. */
export function keyOf({ projects, environments }: Where): string | null {
  // An environment says its project by itself.
  if (environments !== null) return environments.length === 1 ? `e ${environments[0]}` : null;
  if (projects !== null) return projects.length === 1 ? `p ${projects[0]}` : null;
  return EVERYWHERE;
}
