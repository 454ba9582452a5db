import { useRef, useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { useAction } from "../ui/use-action.ts";
import { LinkMade } from "./link-made.tsx";
import { LIVES, type Life, secondsOf } from "./lives.ts";
import { k } from "./messages.ts";

interface Props {
  tenant: string;
  /** Whose current value is shared; null: one that is typed here, and lives in this form only. */
  secret: { id: string; name: string } | null;
  onClose: () => void;
}

/** Makes a link that shows a value once. */
export function ShareLink({ tenant, secret, onClose }: Props) {
  const value = useRef("");
  const [filled, setFilled] = useState(secret !== null);
  const [label, setLabel] = useState("");
  const [note, setNote] = useState("");
  const [life, setLife] = useState<Life>("day");
  const [url, setUrl] = useState<string | null>(null);
  const action = useAction();

  function submit() {
    if (!filled) return;
    void action.run(async () => {
      const made = await client.links.share.mutate({
        tenant,
        ...(secret === null ? { value: value.current } : { id: secret.id }),
        ...(label === "" ? {} : { label }),
        note,
        seconds: secondsOf(life),
      });
      value.current = "";
      setUrl(made.url);
      void queries.invalidateQueries(trpc.links.pathFilter());
    });
  }

  if (url !== null) return <LinkMade url={url} framed={false} onClose={onClose} />;
  return (
    <FormDialog
      title={secret === null ? k.share : k.shareOnce}
      lead={secret === null ? undefined : k.shareLead(secret.name)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={k.make}
      busyWord={k.making}
      ready={filled}
    >
      {secret === null ? (
        <Field
          label={k.value}
          hint={k.valueHint}
          rows={3}
          mono
          autoFocus
          onChange={(entered) => {
            value.current = entered;
            setFilled(entered !== "");
          }}
        />
      ) : null}
      <Field label={k.label} optional value={label} onChange={setLabel} autoFocus={secret !== null} />
      <Field label={k.note} optional rows={2} value={note} onChange={setNote} />
      <Choice label={k.life} options={LIVES.slice(0, 3)} value={life} onChange={setLife} />
    </FormDialog>
  );
}
