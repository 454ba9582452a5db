import { Monitor, Moon, Sun } from "lucide-react";
import { useId } from "react";
import { m } from "../messages.ts";
import { setTheme, THEMES, useTheme } from "./theme.ts";

const ICONS = { light: Sun, system: Monitor, dark: Moon };

/** Light, dark or as the system has it: radio buttons, so arrow keys move between them. */
export function ThemeSwitch() {
  const theme = useTheme();
  const name = useId();
  return (
    <fieldset className="grid grid-cols-3 rounded-lg border border-line bg-canvas p-0.5">
      <legend className="sr-only">{m.frame.theme}</legend>
      {THEMES.map((id) => {
        const Icon = ICONS[id];
        return (
          <label
            key={id}
            data-hint={m.frame.themes[id]}
            className="relative grid h-7 cursor-default place-items-center rounded-md text-muted hover:text-ink has-checked:bg-surface has-checked:text-ink has-checked:shadow-lift has-checked:ring-1 has-checked:ring-line has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              checked={theme === id}
              onChange={() => setTheme(id)}
              aria-label={m.frame.themes[id]}
              className="sr-only"
            />
            <Icon size={14} aria-hidden />
          </label>
        );
      })}
    </fieldset>
  );
}
