import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem as AriaMenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";

export const POPOVER =
  "rounded-xl border border-line bg-surface p-1 shadow-float animate-appear outline-none overflow-y-auto max-w-[calc(100vw-2rem)]";
export const ITEM =
  "flex items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none cursor-default data-[focused]:bg-hover data-[disabled]:text-faint data-[disabled]:opacity-60";

interface Props {
  trigger: ReactNode;
  label: string;
  children: ReactNode;
}

/** What else can be done with a thing. */
export function Menu({ trigger, label, children }: Props) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover placement="bottom end" className={`${POPOVER} min-w-48`}>
        <AriaMenu aria-label={label} className="outline-none">
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

interface ItemProps {
  icon?: ReactNode;
  danger?: boolean;
  label: string;
  text?: string;
  onAction: () => void;
}

export function MenuItem({ icon, danger = false, label, text, onAction }: ItemProps) {
  return (
    <AriaMenuItem
      textValue={label}
      onAction={onAction}
      className={`${ITEM} ${danger ? "text-danger-text data-[focused]:bg-danger-soft" : ""}`}
    >
      {icon === undefined ? null : <span className={danger ? "" : "text-faint"}>{icon}</span>}
      <span>
        {label}
        {text === undefined ? null : <span className="block text-xs text-muted">{text}</span>}
      </span>
    </AriaMenuItem>
  );
}
