import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { Button, IconButton } from "./button.tsx";
import type { MenuAction } from "./menu.tsx";

const load = () => import("./menu.tsx");
const Menu = lazy(load);

interface Props {
  label: string;
  /** For an icon: its tooltip. Without one, the button shows words. */
  hint?: string;
  actions: readonly MenuAction[];
  children: ReactNode;
}

/** A button that opens a menu. The menu's code comes when the button is hovered or focused, and is there only while open. */
export function MenuButton({ label, hint, actions, children }: Props) {
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const common = {
    ref: trigger,
    "aria-label": label,
    "aria-haspopup": "menu",
    "aria-expanded": open,
    onPointerEnter: () => void load(),
    onFocus: () => void load(),
    onPress: () => setOpen(true),
  } as const;
  return (
    <>
      {hint === undefined ? (
        <Button {...common} size="sm" look="quiet">
          {children}
        </Button>
      ) : (
        <IconButton {...common} hint={hint}>
          {children}
        </IconButton>
      )}
      {open ? (
        <Suspense>
          <Menu label={label} actions={actions} trigger={trigger} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
