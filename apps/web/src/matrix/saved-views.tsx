import { Bookmark, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { x } from "./messages.ts";
import {
  isFiltered,
  isSame,
  LONGEST_NAME,
  MOST_VIEWS,
  type SavedView,
  viewsIn,
  without,
  withView,
} from "./saved.ts";
import type { View } from "./view.ts";

const v = x.views;

interface Props {
  tenant: string;
  /** The filters that are set, with their project. */
  view: View;
  onView: (view: View) => void;
}

/** Filters under a name: one press, and they are set again. Kept by this browser, for this person in this tenant. */
export function SavedViews({ tenant, view, onView }: Props) {
  const [views, keep] = useKept(`keyfold.views.${tenant}.${useIdentity().id}`);
  const [naming, setNaming] = useState(false);
  const unsaved = isFiltered(view) && !views.some((one) => isSame(one.view, view));
  if (views.length === 0 && !unsaved) return null;
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-2.5 py-2">
      {views.length === 0 ? null : (
        <ul aria-label={v.label} className="contents">
          {views.map(({ name, view: saved }) => (
            <li
              key={name}
              className={`flex max-w-full items-center rounded-lg text-sm font-medium ${
                isSame(saved, view) ? "bg-accent-soft text-accent-text" : "border border-line hover:bg-hover"
              }`}
            >
              <button
                type="button"
                aria-pressed={isSame(saved, view)}
                onClick={() => onView(isSame(saved, view) ? projectOf(view) : saved)}
                className="h-8 min-w-0 truncate rounded-l-lg pr-1 pl-3"
              >
                {name}
              </button>
              <button
                type="button"
                aria-label={v.remove(name)}
                onClick={() => keep(without(views, name))}
                className="grid size-8 shrink-0 place-items-center rounded-r-lg text-muted hover:text-ink"
              >
                <X size={13} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      {unsaved ? (
        <Button size="sm" look="quiet" onPress={() => setNaming(true)}>
          <Bookmark size={14} aria-hidden />
          {v.save}
        </Button>
      ) : null}
      {naming ? (
        <NameView
          views={views}
          onName={(name) => keep(withView(views, name, view))}
          onClose={() => setNaming(false)}
        />
      ) : null}
    </div>
  );
}

/** Pressed again, a view is left: everything of the project is shown. */
const projectOf = ({ project }: View): View => (project === undefined ? {} : { project });

function NameView({
  views,
  onName,
  onClose,
}: {
  views: readonly SavedView[];
  onName: (name: string) => void;
  onClose: () => void;
}) {
  const [entered, setEntered] = useState("");
  const name = entered.trim().slice(0, LONGEST_NAME);
  const taken = views.some((one) => one.name === name);
  const full = !taken && views.length >= MOST_VIEWS;
  return (
    <FormDialog
      title={v.title}
      lead={v.lead}
      onSubmit={() => {
        onName(name);
        onClose();
      }}
      onClose={onClose}
      word={v.submit}
      ready={name !== "" && !full}
    >
      <Field
        label={v.name}
        autoFocus
        placeholder={v.placeholder}
        value={entered}
        onChange={setEntered}
        hint={full ? v.full(MOST_VIEWS) : taken ? v.taken : undefined}
      />
    </FormDialog>
  );
}

/** What the browser keeps under a key, also as another tab changes it. */
function useKept(key: string): [SavedView[], (views: SavedView[]) => void] {
  const [views, setViews] = useState<SavedView[]>(() => read(key));
  useEffect(() => {
    setViews(read(key));
    const changed = (event: StorageEvent) => {
      if (event.key === key || event.key === null) setViews(read(key));
    };
    addEventListener("storage", changed);
    return () => removeEventListener("storage", changed);
  }, [key]);
  return [
    views,
    (next) => {
      setViews(next);
      try {
        if (next.length === 0) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Kept until this page is left, then.
      }
    },
  ];
}

function read(key: string): SavedView[] {
  try {
    return viewsIn(localStorage.getItem(key));
  } catch {
    return [];
  }
}
