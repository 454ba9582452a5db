import { type FormEvent, useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { client } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import type { Place } from "./secret-table.tsx";
import { refreshSecrets } from "./use-secrets.ts";
import { NO_VALUE, ValueField } from "./value-field.tsx";

/** The form for a new secret. Unmounted when closed, and what was typed with it. */
export function CreateSecret({ place, onClose }: { place: Place; onClose: () => void }) {
  const [name, setName] = useState("");
  const [entered, setEntered] = useState(NO_VALUE);
  const [description, setDescription] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const [idempotencyKey] = useState(freshKey);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (busy || name === "" || entered.value === "") return;
    setBusy(true);
    setFailed(null);
    try {
      // Past the mutation cache, which would keep the value.
      await client.secrets.create.mutate({
        ...place,
        name,
        ...entered,
        ...(description === "" ? {} : { description }),
        idempotencyKey,
      });
      setEntered(NO_VALUE);
      onClose();
      tell(m.create.done(name));
      await refreshSecrets();
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={m.create.title}
      lead={m.create.into(place.project, place.environment)}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field
          label={m.create.name}
          hint={m.create.nameHint}
          error={tried && name === "" ? m.create.missingName : undefined}
          mono
          autoFocus
          value={name}
          onChange={setName}
        />
        <ValueField
          label={m.create.value}
          entered={entered}
          onChange={setEntered}
          error={tried && entered.value === "" ? m.create.missingValue : undefined}
        />
        <Field label={m.create.description} optional value={description} onChange={setDescription} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {busy ? m.create.busy : m.create.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
