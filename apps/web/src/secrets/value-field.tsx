import { FileUp, WandSparkles } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { GENERATORS } from "./generate.ts";
import { sm } from "./messages.ts";
import type { NewValue } from "./new-value.ts";
import { jsonState, valueInFile } from "./read-file.ts";
import { v } from "./value-messages.ts";

export type { NewValue } from "./new-value.ts";
export const NO_VALUE: NewValue = { value: "", encoding: "utf8" };

interface Props {
  label: string;
  entered: NewValue;
  onChange: (entered: NewValue) => void;
  error: string | undefined;
  autoFocus?: boolean;
}

/** Where a value is entered, made or taken from a file. It lives in the form's own state and goes with the form. */
export function ValueField({ label, entered, onChange, error, autoFocus = false }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  // Into the box itself: as React's own value it would stand in the page's markup, too.
  function put(value: NewValue, what: string) {
    if (area.current !== null) area.current.value = value.value;
    setSaid(what);
    onChange(value);
  }
  return (
    <div>
      <Field
        label={label}
        hint={hintOf(entered)}
        error={error}
        mono
        rows={3}
        autoFocus={autoFocus}
        areaRef={area}
        onChange={(value) => {
          setSaid("");
          onChange({ ...entered, value });
        }}
      />
      <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <label className="flex items-center gap-2 rounded text-sm text-muted">
          <input
            type="checkbox"
            checked={entered.encoding === "base64"}
            onChange={(event) => onChange({ ...entered, encoding: event.target.checked ? "base64" : "utf8" })}
            className="size-4 accent-accent"
          />
          {sm.create.base64}
        </label>
        <span className="ml-auto flex gap-1">
          <MenuButton
            label={v.make}
            actions={GENERATORS.map((one) => ({
              id: one.id,
              label: v.kinds[one.id],
              run: () => put({ value: one.make(), encoding: "utf8" }, v.made),
            }))}
          >
            <WandSparkles size={14} aria-hidden />
            {v.make}
          </MenuButton>
          <Button size="sm" look="quiet" onPress={() => file.current?.click()}>
            <FileUp size={14} aria-hidden />
            {v.file}
          </Button>
        </span>
        <input
          ref={file}
          type="file"
          hidden
          aria-label={v.file}
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            event.target.value = "";
            if (chosen !== undefined)
              void valueInFile(chosen).then((value) => put(value, v.taken(value.encoding === "base64")));
          }}
        />
      </div>
      <p role="status" className="text-xs text-muted">
        {said}
      </p>
    </div>
  );
}

function hintOf({ value, encoding }: NewValue) {
  if (encoding === "utf8" && value.trim() !== value)
    return <span className="font-medium text-warn-text">{sm.create.whitespace}</span>;
  const json = encoding === "utf8" ? jsonState(value) : null;
  if (json === "broken") return <span className="font-medium text-warn-text">{v.brokenJson}</span>;
  if (json === "valid") return v.json;
  return sm.create.valueHint;
}
