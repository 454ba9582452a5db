import { Plus } from "lucide-react";
import { useMay } from "../data/identity.ts";
import { client, type Outputs } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { EnvironmentRows } from "./environment-rows.tsx";
import { se } from "./messages.ts";
import { PlaceMenu } from "./place-menu.tsx";

export type Project = Outputs["projects"]["list"]["projects"][number];

/** A project, what can be done with it, and its environments below. */
export function ProjectRow({
  tenant,
  project,
  onEnvironment,
}: {
  tenant: string;
  project: Project;
  /** Asks for a new environment in it. */
  onEnvironment: () => void;
}) {
  const may = useMay();
  const { id, name } = project;
  return (
    <li>
      <div className="flex min-h-13 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-sunken py-2 pr-2 pl-4">
        <h3 className="min-w-0 flex-1 truncate font-semibold tracking-tight">{name}</h3>
        {may("environment.create") ? (
          <Button size="sm" look="quiet" aria-label={se.newEnvironmentIn(name)} onPress={onEnvironment}>
            <Plus size={14} aria-hidden />
            {se.newEnvironment}
          </Button>
        ) : null}
        <PlaceMenu
          kind="project"
          name={name}
          title={se.removeProject(name)}
          lead={se.removeProjectLead}
          rename={(given) => client.projects.rename.mutate({ tenant, project: id, name: given })}
          remove={() => client.projects.delete.mutate({ tenant, project: id })}
        />
      </div>
      <EnvironmentRows tenant={tenant} project={project} />
    </li>
  );
}
