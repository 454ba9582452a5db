import { TENANT_PAGES } from "../frame/tenant-pages.ts";
import { Dialog } from "../ui/dialog.tsx";
import { p } from "./messages.ts";

const { list } = p.shortcuts;
const COMMAND = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
const SHEET: readonly { label: string; keys: readonly [keys: readonly string[], what: string][] }[] = [
  {
    label: p.shortcuts.everywhere,
    keys: [
      [[COMMAND, "K"], list.palette],
      [["/"], list.search],
      [["?"], list.help],
      [["Esc"], list.escape],
    ],
  },
  {
    label: p.shortcuts.going,
    keys: TENANT_PAGES.map(({ key, label }) => [["g", key], label] as const),
  },
];

/** Which keys do what. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={p.shortcuts.title} isOpen onClose={onClose}>
      <div className="grid gap-6 sm:grid-cols-2">
        {SHEET.map(({ label, keys }) => (
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
