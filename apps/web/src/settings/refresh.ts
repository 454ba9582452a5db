import { queries, trpc } from "../data/trpc.ts";

/** After a project or an environment came, went or changed its name: wherever it is listed it is read again. */
export async function refreshPlaces(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries(trpc.projects.pathFilter()),
    queries.invalidateQueries(trpc.environments.pathFilter()),
    queries.invalidateQueries({ queryKey: ["places"] }),
    queries.invalidateQueries({ queryKey: ["places with ids"] }),
    queries.invalidateQueries(trpc.secrets.pathFilter()),
  ]);
}
