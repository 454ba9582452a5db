import { Check, ChevronsUpDown } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select, SelectValue } from "react-aria-components/Select";
import { LABEL } from "./field.tsx";
import { ITEM, POPOVER } from "./menu.tsx";

interface Props<K extends string> {
  label: string;
  options: readonly { id: K; label: string; text?: string }[];
  value: K;
  onChange: (value: K) => void;
  /** Without a visible label and lower: for filters above a list. */
  compact?: boolean;
}

/** One of a few. */
export function Choice<K extends string>({ label, options, value, onChange, compact = false }: Props<K>) {
  return (
    <Select
      selectedKey={value}
      onSelectionChange={(key) => key !== null && onChange(key as K)}
      {...(compact ? { "aria-label": label } : {})}
    >
      {compact ? null : <Label className={LABEL}>{label}</Label>}
      <Button
        className={`flex w-full items-center gap-2 rounded-lg border border-line-strong/60 bg-surface px-3 text-left hover:border-line-strong ${
          compact ? "h-9 text-sm" : "h-10 text-base"
        }`}
      >
        <SelectValue className="flex-1 truncate [&_[slot=description]]:hidden" />
        <ChevronsUpDown size={14} aria-hidden className="text-faint" />
      </Button>
      <Popover className={`${POPOVER} min-w-(--trigger-width)`}>
        <ListBox className="outline-none">
          {options.map((option) => (
            <ListBoxItem key={option.id} id={option.id} textValue={option.label} className={ITEM}>
              {({ isSelected }) => (
                <>
                  <span className="flex-1">
                    <span className="block">{option.label}</span>
                    {option.text === undefined ? null : (
                      <span slot="description" className="block text-xs text-muted">
                        {option.text}
                      </span>
                    )}
                  </span>
                  {isSelected ? <Check size={14} aria-hidden className="text-accent-text" /> : null}
                </>
              )}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
