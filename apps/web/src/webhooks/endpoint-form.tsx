import { useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { KindPicker } from "./kind-picker.tsx";
import { type Kind, w } from "./messages.ts";
import { SecretOnce } from "./secret-once.tsx";
import type { Endpoint } from "./webhooks-page.tsx";

const EVERYWHERE = "everywhere";
const AS_IS = "as-is";
const ofText = (text: string): string | null => (text.trim() === "" ? null : text.trim());

/** Makes an endpoint, or changes one. A new one's signing secret is shown, once. */
export function EndpointForm({
  tenant,
  endpoint,
  onClose,
}: {
  tenant: string;
  endpoint: Endpoint | null;
  onClose: () => void;
}) {
  const action = useAction();
  const [url, setUrl] = useState(endpoint?.url ?? "");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  const [kinds, setKinds] = useState<readonly Kind[] | null>(
    (endpoint?.kinds as Kind[] | null | undefined) ?? null,
  );
  const [where, setWhere] = useState<string>(
    endpoint?.environments == null && endpoint?.projects == null ? EVERYWHERE : AS_IS,
  );
  const [prefix, setPrefix] = useState(endpoint?.prefix ?? "");
  const [consumer, setConsumer] = useState(endpoint?.consumer ?? "");
  const [tried, setTried] = useState(false);
  const [made, setMade] = useState<{ secret: string | null } | null>(null);
  const [idempotencyKey] = useState(freshKey);
  const places = useEnvironmentChoices(tenant);

  async function submit() {
    setTried(true);
    if (url.trim() === "" || kinds?.length === 0) return;
    const wants = {
      tenant,
      url: url.trim(),
      description: description.trim(),
      kinds: kinds === null ? null : [...kinds],
      prefix: ofText(prefix),
      consumer: ofText(consumer),
      ...(where === AS_IS ? {} : { projects: null, environments: where === EVERYWHERE ? null : [where] }),
    };
    const done = await action.run(async () => {
      if (endpoint === null) {
        const { secret } = await client.webhooks.create.mutate({ ...wants, idempotencyKey });
        setMade({ secret });
      } else await client.webhooks.update.mutate({ ...wants, id: endpoint.id });
    });
    if (!done) return;
    void queries.invalidateQueries(trpc.webhooks.pathFilter());
    if (endpoint === null) return;
    onClose();
    tell(w.form.saved);
  }

  if (made !== null) return <SecretOnce secret={made.secret} onClose={onClose} />;
  return (
    <FormDialog
      title={endpoint === null ? w.form.create : w.form.edit}
      lead={w.form.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={endpoint === null ? w.form.submit : w.form.save}
      busyWord={w.form.busy}
    >
      <Field
        label={w.form.url}
        hint={w.form.urlHint}
        placeholder={w.urlExample}
        mono
        autoFocus
        value={url}
        onChange={setUrl}
        error={tried && url.trim() === "" ? w.form.missing : undefined}
      />
      <Field label={w.form.description} optional value={description} onChange={setDescription} />
      <KindPicker
        kinds={kinds}
        onChange={setKinds}
        error={tried && kinds?.length === 0 ? w.form.noKinds : null}
      />
      <Choice
        label={w.form.where}
        options={[
          { id: EVERYWHERE, label: w.form.everywhere },
          ...(endpoint === null || (endpoint.environments === null && endpoint.projects === null)
            ? []
            : [{ id: AS_IS, label: w.form.keepPlaces }]),
          ...places,
        ]}
        value={where}
        onChange={setWhere}
      />
      <Field label={w.form.prefix} optional mono value={prefix} onChange={setPrefix} />
      <Field
        label={w.form.consumer}
        optional
        hint={w.form.consumerHint}
        value={consumer}
        onChange={setConsumer}
      />
    </FormDialog>
  );
}
