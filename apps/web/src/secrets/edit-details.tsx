import { useState } from "react";
import { client, type Secret } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { e } from "./edit-messages.ts";
import { refreshSecrets } from "./use-secrets.ts";

const lineOf = ([key, text]: [string, string]): string => (text === "" ? key : `${key}=${text}`);

/** One tag a line, `key` or `key=text`. */
export function tagsIn(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => line.trim());
  return Object.fromEntries(
    lines
      .filter((line) => line !== "")
      .map((line) => {
        const at = line.indexOf("=");
        return at === -1 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );
}

/** A secret's description and tags. Saved on top of what was seen, or not at all. */
export function EditDetails({
  tenant,
  secret,
  onClose,
}: {
  tenant: string;
  secret: Secret;
  onClose: () => void;
}) {
  const [description, setDescription] = useState(secret.description);
  const [tags, setTags] = useState(Object.entries(secret.tags).map(lineOf).join("\n"));
  const action = useAction();
  function submit() {
    void action.run(async () => {
      await client.secrets.update.mutate({
        tenant,
        id: secret.id,
        description,
        tags: tagsIn(tags),
        expectedGeneration: secret.generation,
      });
      onClose();
      tell(e.done(secret.name));
      await refreshSecrets();
    });
  }
  return (
    <FormDialog
      title={e.title(secret.name)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={e.save}
    >
      <Field label={m.create.description} rows={2} autoFocus value={description} onChange={setDescription} />
      <Field label={e.tags} hint={e.tagsHint} rows={3} mono value={tags} onChange={setTags} />
    </FormDialog>
  );
}
