import { Monitor, Moon, Sun } from "lucide-react";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { ToggleButtonGroup } from "react-aria-components/ToggleButtonGroup";
import { m } from "../messages.ts";
import { setTheme, THEMES, type Theme, useTheme } from "./theme.ts";

const ICONS = { light: Sun, system: Monitor, dark: Moon };

export function ThemeSwitch() {
  const theme = useTheme();
  return (
    <ToggleButtonGroup
      aria-label={m.frame.theme}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[theme]}
      onSelectionChange={(keys) => {
        for (const key of keys) setTheme(key as Theme);
      }}
      className="grid grid-cols-3 rounded-lg border border-line bg-canvas p-0.5"
    >
      {THEMES.map((id) => {
        const Icon = ICONS[id];
        return (
          <ToggleButton
            key={id}
            id={id}
            aria-label={m.frame.themes[id]}
            className="grid h-7 cursor-default place-items-center rounded-md text-muted hover:text-ink data-[selected]:bg-surface data-[selected]:text-ink data-[selected]:shadow-lift data-[selected]:ring-1 data-[selected]:ring-line"
          >
            <Icon size={14} aria-hidden />
          </ToggleButton>
        );
      })}
    </ToggleButtonGroup>
  );
}
