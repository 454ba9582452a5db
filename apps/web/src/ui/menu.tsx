import type { ReactNode, RefObject } from "react";
import { Menu as AriaMenu, MenuItem } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";

export const POPOVER =
  "rounded-xl border border-line bg-surface p-1 shadow-float animate-appear outline-none overflow-y-auto max-w-[calc(100vw-2rem)]";
export const ITEM =
  "flex items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none cursor-default data-[focused]:bg-hover";

export interface MenuAction {
  id: string;
  label: string;
  icon?: ReactNode;
  danger?: boolean;
  run: () => void;
}

interface Props {
  label: string;
  actions: readonly MenuAction[];
  trigger: RefObject<HTMLButtonElement | null>;
  onClose: () => void;
}

/** An open menu under the button that opened it. */
export default function Menu({ label, actions, trigger, onClose }: Props) {
  return (
    <Popover
      aria-label={label}
      triggerRef={trigger}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      placement="bottom end"
      className={`${POPOVER} min-w-44`}
    >
      <AriaMenu
        aria-label={label}
        autoFocus="first"
        onClose={onClose}
        onAction={(key) => actions.find(({ id }) => id === key)?.run()}
        className="outline-none"
      >
        {actions.map(({ id, label: words, icon, danger = false }) => (
          <MenuItem
            key={id}
            id={id}
            textValue={words}
            className={`${ITEM} ${danger ? "text-danger-text data-[focused]:bg-danger-soft" : ""}`}
          >
            {icon === undefined ? null : <span className={danger ? "" : "text-faint"}>{icon}</span>}
            {words}
          </MenuItem>
        ))}
      </AriaMenu>
    </Popover>
  );
}
