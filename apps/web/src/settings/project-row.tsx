import { Ellipsis, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import { client, type Outputs } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import type { MenuAction } from "../ui/menu.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { tell } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { EnvironmentRows } from "./environment-rows.tsx";
import { se } from "./messages.ts";
import { NameForm } from "./place-form.tsx";
import { refreshPlaces } from "./refresh.ts";

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
  const [open, setOpen] = useState<"rename" | "remove" | null>(null);
  const { id, name } = project;
  const close = () => setOpen(null);
  const actions: MenuAction[] = [
    ...(may("project.rename")
      ? [
          {
            id: "rename",
            label: se.rename,
            icon: <Pencil size={15} aria-hidden />,
            run: () => setOpen("rename"),
          },
        ]
      : []),
    ...(may("project.delete")
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
    <li>
      <div className="flex min-h-13 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-sunken py-2 pr-2 pl-4">
        <h3 className="min-w-0 flex-1 truncate font-semibold tracking-tight">{name}</h3>
        {may("environment.create") ? (
          <Button size="sm" look="quiet" aria-label={se.newEnvironmentIn(name)} onPress={onEnvironment}>
            <Plus size={14} aria-hidden />
            {se.newEnvironment}
          </Button>
        ) : null}
        {actions.length === 0 ? null : (
          <MenuButton label={se.more(name)} hint={se.moreHint} actions={actions}>
            <Ellipsis size={16} aria-hidden />
          </MenuButton>
        )}
      </div>
      <EnvironmentRows tenant={tenant} project={project} />
      {open === "rename" ? (
        <NameForm
          title={se.renameTitle(name)}
          lead={se.renameLead}
          now={name}
          done={se.renamed}
          work={(given) => client.projects.rename.mutate({ tenant, project: id, name: given })}
          onClose={close}
        />
      ) : null}
      {open === "remove" ? (
        <TypeTheName
          title={se.removeProject(name)}
          lead={se.removeProjectLead}
          name={name}
          label={se.type}
          word={se.remove}
          busyWord={se.deleting}
          onClose={close}
          work={async () => {
            await client.projects.delete.mutate({ tenant, project: id });
            tell(se.removed(name));
            await refreshPlaces();
          }}
        />
      ) : null}
    </li>
  );
}
