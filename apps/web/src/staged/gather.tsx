import { FileUp } from "lucide-react";
import { type DragEvent, type FormEvent, useRef, useState } from "react";
import { useMay } from "../data/identity.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field, LABEL } from "../ui/field.tsx";
import { CARD } from "../ui/page-header.tsx";
import { s } from "./messages.ts";
import { type Parsed, parse } from "./parse.ts";
import type { Change } from "./stage.ts";

/** Most bytes of a file: as many as one call carries. */
const MOST_BYTES = 8 * 1024 * 1024;

interface Props {
  /** What is there already. */
  names: readonly string[];
  onChanges: (changes: readonly Change[]) => void;
}

/** Where changes come from: a file, a text, one by one. */
export function Gather({ names, onChanges }: Props) {
  const may = useMay();
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <FromText onChanges={onChanges} />
      <div className="space-y-4">
        <OneByOne onChanges={onChanges} />
        {may("secret.delete") && names.length > 0 ? <Removal names={names} onChanges={onChanges} /> : null}
      </div>
    </div>
  );
}

const BOX = `${CARD} p-4`;
const HEADING = "mb-3 text-base font-semibold tracking-tight";

function FromText({ onChanges }: Pick<Props, "onChanges">) {
  const area = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [problems, setProblems] = useState<Parsed["problems"]>([]);
  const [note, setNote] = useState<string | null>(null);

  function read(text: string) {
    const parsed = parse(text);
    setProblems(parsed.problems);
    setNote(parsed.entries.length === 0 && parsed.problems.length === 0 ? s.paste.nothing : null);
    if (parsed.entries.length > 0) onChanges(parsed.entries.map((one) => ({ ...one, what: "set" as const })));
  }
  async function readFile(chosen: File | undefined) {
    if (chosen === undefined) return;
    if (chosen.size > MOST_BYTES) return setNote(s.paste.tooLarge);
    read(await chosen.text());
    if (file.current !== null) file.current.value = "";
  }
  function onDrop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const dropped = event.dataTransfer.files[0];
    if (dropped !== undefined) void readFile(dropped);
    else read(event.dataTransfer.getData("text/plain"));
  }

  return (
    <section
      aria-labelledby="from-text"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
      className={`${BOX} ${over ? "outline-2 -outline-offset-2 outline-accent" : ""}`}
    >
      <h2 id="from-text" className={HEADING}>
        {over ? s.paste.drop : s.paste.title}
      </h2>
      <label htmlFor="paste" className="sr-only">
        {s.paste.label}
      </label>
      {/* Uncontrolled: React would repeat the text in the page's own markup. It goes as soon as it was read. */}
      <textarea
        id="paste"
        ref={area}
        rows={5}
        placeholder={s.fileExample}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-1p-ignore
        className="block w-full resize-y rounded-lg border border-line-strong bg-surface px-3 py-2.5 font-mono text-sm"
      />
      <p className="mt-1.5 text-xs text-muted">{s.paste.hint}</p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button
          onPress={() => {
            read(area.current?.value ?? "");
            if (area.current !== null) area.current.value = "";
          }}
        >
          {s.paste.read}
        </Button>
        <Button look="quiet" onPress={() => file.current?.click()}>
          <FileUp size={14} aria-hidden />
          {s.paste.choose}
        </Button>
        <input
          ref={file}
          type="file"
          aria-label={s.paste.choose}
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => void readFile(event.target.files?.[0])}
        />
      </div>
      <div role="status">
        {note === null ? null : <p className="mt-3 text-sm text-muted">{note}</p>}
        {problems.length === 0 ? null : (
          <div className="mt-3 rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn-text">
            <p className="font-medium">{s.problems}</p>
            <ul>
              {problems.slice(0, 20).map(({ line, name, what }) => (
                <li key={`${line} ${name} ${what}`}>
                  {line === 0 ? null : `${s.line(line)}: `}
                  {name === null ? null : <code>{name} </code>}
                  {what}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </section>
  );
}

function OneByOne({ onChanges }: Pick<Props, "onChanges">) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  // A new key empties the field, whose text React does not hold.
  const [round, setRound] = useState(0);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name === "" || value === "") return;
    onChanges([{ name, what: "set", value }]);
    setName("");
    setValue("");
    setRound(round + 1);
  }
  return (
    <section aria-labelledby="one-by-one" className={BOX}>
      <h2 id="one-by-one" className={HEADING}>
        {s.one.title}
      </h2>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-3">
        <Field label={s.one.name} mono value={name} onChange={setName} />
        <Field key={round} label={s.one.value} mono rows={1} onChange={setValue} />
        <Button type="submit" isDisabled={name === "" || value === ""}>
          {s.one.submit}
        </Button>
      </form>
    </section>
  );
}

function Removal({ names, onChanges }: Props) {
  const [name, setName] = useState<string>("");
  return (
    <section aria-labelledby="removal" className={BOX}>
      <h2 id="removal" className={`${LABEL} text-base font-semibold tracking-tight`}>
        {s.remove.title}
      </h2>
      <div className="flex flex-wrap gap-2">
        <div className="min-w-48 flex-1">
          <Choice
            compact
            label={s.remove.label}
            options={[{ id: "", label: s.remove.pick }, ...names.map((one) => ({ id: one, label: one }))]}
            value={name}
            onChange={setName}
          />
        </div>
        <Button
          isDisabled={name === ""}
          onPress={() => {
            onChanges([{ name, what: "remove" }]);
            setName("");
          }}
        >
          {s.remove.submit}
        </Button>
      </div>
    </section>
  );
}
