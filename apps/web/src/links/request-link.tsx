import { useState } from "react";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { useAction } from "../ui/use-action.ts";
import { LinkMade } from "./link-made.tsx";
import { LIVES, type Life, secondsOf } from "./lives.ts";
import { k } from "./messages.ts";

/** Makes a link by which somebody hands a value in. */
export function RequestLink({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [label, setLabel] = useState("");
  const [note, setNote] = useState("");
  const [sites, setSites] = useState("");
  const [life, setLife] = useState<Life>("day");
  const [writeOnly, setWriteOnly] = useState(true);
  const places = useEnvironmentChoices(tenant);
  const [chosen, setChosen] = useState<string | null>(null);
  const place = places.find(({ id }) => id === chosen) ?? places[0];
  const [url, setUrl] = useState<string | null>(null);
  const action = useAction();
  const origins = sites.split(/[\s,]+/).filter((site) => site !== "");

  function submit() {
    if (name === "" || place === undefined) return;
    void action.run(async () => {
      const made = await client.links.request.mutate({
        tenant,
        environment: place.id,
        name,
        ...(label === "" ? {} : { label }),
        note,
        origins,
        writeOnly,
        seconds: secondsOf(life),
      });
      setUrl(made.url);
      void queries.invalidateQueries(trpc.links.pathFilter());
    });
  }

  if (url !== null) return <LinkMade url={url} framed={origins.length > 0} onClose={onClose} />;
  return (
    <FormDialog
      title={k.ask}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={k.make}
      busyWord={k.making}
      ready={!(name === "" || place === undefined)}
    >
      <Field
        label={k.name}
        hint={k.nameHint}
        placeholder={k.keyExample}
        mono
        autoFocus
        value={name}
        onChange={setName}
      />
      {place === undefined ? null : (
        <Choice label={k.where} options={places} value={place.id} onChange={setChosen} />
      )}
      <Field label={k.label} placeholder={k.labelPlaceholder} optional value={label} onChange={setLabel} />
      <Field label={k.note} optional rows={2} value={note} onChange={setNote} />
      <Choice label={k.life} options={LIVES} value={life} onChange={setLife} />
      <Checkbox checked={writeOnly} onChange={setWriteOnly} hint={k.onlyCodeHint}>
        {k.onlyCode}
      </Checkbox>
      <Field label={k.sites} hint={k.sitesHint} optional value={sites} onChange={setSites} />
    </FormDialog>
  );
}
