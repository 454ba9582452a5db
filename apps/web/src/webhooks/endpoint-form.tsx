import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
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
  const { busy, failed, run } = useAction();
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
  const places = usePlaces(tenant);

  async function submit(event: FormEvent) {
    event.preventDefault();
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
    const done = await run(async () => {
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
    <Dialog
      title={endpoint === null ? w.form.create : w.form.edit}
      lead={w.form.lead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field
          label={w.form.url}
          hint={w.form.urlHint}
          placeholder="https://"
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
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {busy ? w.form.busy : endpoint === null ? w.form.submit : w.form.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** The environments of the tenant's first project. */
function usePlaces(tenant: string): { id: string; label: string }[] {
  const projects = useQuery(trpc.projects.list.queryOptions({ tenant })).data?.projects ?? [];
  const first = projects.find(({ name }) => name === "default") ?? projects[0];
  const environments = useQuery({
    ...trpc.environments.list.queryOptions({ tenant, project: first?.id ?? "" }),
    enabled: first !== undefined,
  }).data?.environments;
  return (environments ?? []).map(({ id, name }) => ({ id, label: `${first?.name} / ${name}` }));
}
