import { useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { client } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { sm } from "./messages.ts";
import type { Place } from "./secret-table.tsx";
import { refreshSecrets } from "./use-secrets.ts";
import { NO_VALUE, ValueField } from "./value-field.tsx";

/** The form for a new secret. Unmounted when closed, and what was typed with it. */
export function CreateSecret({ place, onClose }: { place: Place; onClose: () => void }) {
  const [name, setName] = useState("");
  const [entered, setEntered] = useState(NO_VALUE);
  const [description, setDescription] = useState("");
  const [tried, setTried] = useState(false);
  const action = useAction();
  const [idempotencyKey] = useState(freshKey);

  async function submit() {
    setTried(true);
    if (name === "" || entered.value === "") return;
    await action.run(async () => {
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
      tell(sm.create.done(name));
      await refreshSecrets();
    });
  }

  return (
    <FormDialog
      title={sm.create.title}
      lead={sm.create.into(place.project, place.environment)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={sm.create.submit}
      busyWord={sm.create.busy}
    >
      <Field
        label={sm.create.name}
        hint={sm.create.nameHint}
        error={tried && name === "" ? sm.create.missingName : undefined}
        mono
        autoFocus
        value={name}
        onChange={setName}
      />
      <ValueField
        label={sm.create.value}
        entered={entered}
        onChange={setEntered}
        error={tried && entered.value === "" ? sm.create.missingValue : undefined}
      />
      <Field label={sm.create.description} optional value={description} onChange={setDescription} />
    </FormDialog>
  );
}
