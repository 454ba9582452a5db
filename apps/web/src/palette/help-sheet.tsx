import { usePages } from "../frame/use-pages.ts";
import { Dialog } from "../ui/dialog.tsx";
import { p } from "./messages.ts";

const { list } = p.shortcuts;
const COMMAND = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
type Keys = readonly [keys: readonly string[], what: string];
const EVERYWHERE: readonly Keys[] = [
  [[COMMAND, "K"], list.palette],
  [["/"], list.search],
  [["?"], list.help],
  [["Esc"], list.escape],
];

/** Which keys do what. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const sheet: readonly { label: string; keys: readonly Keys[] }[] = [
    { label: p.shortcuts.everywhere, keys: EVERYWHERE },
    { label: p.shortcuts.going, keys: usePages().ofTenant.map(({ key, label }) => [["g", key], label]) },
  ];
  return (
    <Dialog title={p.shortcuts.title} isOpen onClose={onClose}>
      <div className="grid gap-6 sm:grid-cols-2">
        {sheet.map(({ label, keys }) => (
          <section key={label} aria-label={label}>
            <h3 className="mb-2 text-xs font-medium text-muted">{label}</h3>
            <dl className="space-y-1.5 text-sm">
              {keys.map(([combination, what]) => (
                <div key={what} className="flex items-center justify-between gap-4">
                  <dt>{what}</dt>
                  <dd className="flex items-center gap-1">
                    {combination.map((key) => (
                      <kbd
                        key={key}
                        className="grid h-6 min-w-6 place-items-center rounded-md border border-line-strong bg-sunken px-1.5 text-xs"
                      >
                        {key}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
