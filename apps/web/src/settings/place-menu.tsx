import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMay } from "../data/identity.ts";
import type { MenuAction } from "../ui/menu.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { tell } from "../ui/toast.tsx";
import { TypeTheName } from "../ui/type-the-name.tsx";
import { se } from "./messages.ts";
import { NameForm } from "./place-form.tsx";
import { refreshPlaces } from "./refresh.ts";

interface Props {
  kind: "project" | "environment";
  name: string;
  /** What the menu is about, where the name alone does not say. */
  about?: string;
  title: string;
  lead: string;
  rename: (name: string) => Promise<unknown>;
  remove: () => Promise<unknown>;
  /** What else can be done: with its own dialog, which says when it is closed. */
  more?: Omit<MenuAction, "run"> & { dialog: (close: () => void) => ReactNode };
}

/** What can be done with a project or an environment, as far as one may: renamed, and deleted by its name. */
export function PlaceMenu({ kind, name, about = name, title, lead, rename, remove, more }: Props) {
  const may = useMay();
  const [open, setOpen] = useState<"rename" | "more" | "remove" | null>(null);
  const close = () => setOpen(null);
  const actions: MenuAction[] = [];
  if (may(`${kind}.rename`))
    actions.push({
      id: "rename",
      label: se.rename,
      icon: <Pencil size={15} aria-hidden />,
      run: () => setOpen("rename"),
    });
  if (more !== undefined) {
    const { id, label, icon } = more;
    actions.push({ id, label, icon, run: () => setOpen("more") });
  }
  if (may(`${kind}.delete`))
    actions.push({
      id: "remove",
      label: se.remove,
      icon: <Trash2 size={15} aria-hidden />,
      danger: true,
      run: () => setOpen("remove"),
    });
  return (
    <>
      {actions.length === 0 ? null : (
        <MenuButton label={se.more(about)} hint={se.moreHint} actions={actions}>
          <Ellipsis size={16} aria-hidden />
        </MenuButton>
      )}
      {open === "rename" ? (
        <NameForm
          title={se.renameTitle(name)}
          lead={se.renameLead}
          now={name}
          done={se.renamed}
          work={rename}
          onClose={close}
        />
      ) : null}
      {open === "more" ? more?.dialog(close) : null}
      {open === "remove" ? (
        <TypeTheName
          title={title}
          lead={lead}
          name={name}
          label={se.type}
          word={se.remove}
          busyWord={se.deleting}
          onClose={close}
          work={async () => {
            await remove();
            tell(se.removed(name));
            await refreshPlaces();
          }}
        />
      ) : null}
    </>
  );
}
