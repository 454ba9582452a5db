import { CornerDownLeft, Search } from "lucide-react";
import { useId, useState } from "react";
import { Dialog } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { pick } from "./commands.ts";
import { p } from "./messages.ts";
import { useCommands } from "./use-commands.ts";

interface Props {
  only: "places" | null;
  onClose: () => void;
  onHelp: () => void;
}

/** Goes anywhere and does anything, by a few letters of its name. */
export function Palette({ only, onClose, onHelp }: Props) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const commands = pick(useCommands(typed, { only, onHelp }), typed);
  const current = commands[Math.min(at, commands.length - 1)];
  const choose = (run: () => void) => {
    onClose();
    run();
  };
  const move = (by: number) => {
    const next = commands.length === 0 ? 0 : (at + by + commands.length) % commands.length;
    setAt(next);
    document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => !open && onClose()}
      className="fixed inset-0 z-40 flex items-start justify-center bg-scrim p-3 sm:pt-[14vh]"
    >
      <Modal className="w-full max-w-xl overflow-hidden rounded-2xl border border-line bg-surface shadow-float animate-appear">
        <Dialog aria-label={p.title} className="outline-none">
          <div className="relative border-b border-line">
            <Search size={16} aria-hidden className="pointer-events-none absolute top-4 left-4 text-faint" />
            <input
              autoFocus
              role="combobox"
              aria-expanded="true"
              aria-controls={`${id}-list`}
              aria-activedescendant={current === undefined ? undefined : `${id}-${commands.indexOf(current)}`}
              aria-label={p.title}
              placeholder={only === "places" ? p.places : p.placeholder}
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                if (event.key === "ArrowDown") move(1);
                else if (event.key === "ArrowUp") move(-1);
                else if (event.key === "Enter" && current !== undefined) choose(current.run);
                else return;
                event.preventDefault();
              }}
              className="h-12 w-full bg-transparent pr-4 pl-11 text-base outline-none"
            />
          </div>
          <div
            id={`${id}-list`}
            role="listbox"
            aria-label={p.results}
            className="max-h-[50vh] overflow-y-auto p-2"
          >
            {commands.map((command, i) => (
              <div key={command.id}>
                {command.group === commands[i - 1]?.group ? null : (
                  <p aria-hidden className="px-2.5 pt-2 pb-1 text-xs font-medium text-muted">
                    {command.group}
                  </p>
                )}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field, which says what is active. */}
                {/* biome-ignore lint/a11y/useFocusableInteractive: focus stays in the field. */}
                <div
                  id={`${id}-${i}`}
                  role="option"
                  aria-selected={command === current}
                  onClick={() => choose(command.run)}
                  onPointerMove={() => setAt(i)}
                  className={`flex cursor-default items-center gap-3 rounded-lg px-2.5 py-2 text-sm ${command === current ? "bg-hover" : ""}`}
                >
                  <span
                    className={`min-w-0 flex-1 truncate ${command.group === p.groups.keys ? "font-mono" : "font-medium"}`}
                  >
                    {command.label}
                  </span>
                  {command.detail === undefined ? null : (
                    <span className="shrink-0 text-xs text-muted">{command.detail}</span>
                  )}
                </div>
              </div>
            ))}
          </div>
          <p
            role="status"
            className={commands.length === 0 ? "px-4 pb-4 text-center text-sm text-muted" : "sr-only"}
          >
            {commands.length === 0 ? p.none(typed) : `${commands.length}`}
          </p>
          <p
            aria-hidden
            className="hidden items-center gap-4 border-t border-line bg-sunken px-4 py-2 text-xs text-muted sm:flex"
          >
            <span>↑ ↓ {p.footer}</span>
            <span className="flex items-center gap-1">
              <CornerDownLeft size={12} /> {p.open}
            </span>
            <span>Esc {p.close}</span>
          </p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
