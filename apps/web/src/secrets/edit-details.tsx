import { useState } from "react";
import { type Guess, guess } from "../data/optimistically.ts";
import { client, type Secret, trpc } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useOptimistic } from "../ui/use-optimistic.ts";
import { e } from "./edit-messages.ts";
import { sm } from "./messages.ts";
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

type Details = Pick<Secret, "description" | "tags">;

/** A secret with these details, wherever it was read. */
function guessesOf(id: string, details: Details): Guess[] {
  const change = (secret: Secret): Secret => (secret.id === id ? { ...secret, ...details } : secret);
  return [
    guess<Secret>(trpc.secrets.get.pathFilter(), change),
    guess<{ pages?: { secrets: Secret[] }[] }>(trpc.secrets.list.pathFilter(), (data) =>
      data.pages === undefined
        ? data
        : { ...data, pages: data.pages.map((page) => ({ ...page, secrets: page.secrets.map(change) })) },
    ),
  ];
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
  // What was read when it was opened: what somebody else changes meanwhile is not saved over.
  const [expectedGeneration] = useState(secret.generation);
  const action = useOptimistic();
  async function submit() {
    const details = { description, tags: tagsIn(tags) };
    const done = await action.run(guessesOf(secret.id, details), async () => {
      await client.secrets.update.mutate({ tenant, id: secret.id, ...details, expectedGeneration });
    });
    if (!done) return;
    onClose();
    tell(e.done(secret.name));
    await refreshSecrets();
  }
  // The page shows what will be; if it does not come about, the form is back, with what was typed.
  if (action.busy) return null;
  return (
    <FormDialog
      title={e.title(secret.name)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={e.save}
    >
      <Field label={sm.create.description} rows={2} autoFocus value={description} onChange={setDescription} />
      <Field label={e.tags} hint={e.tagsHint} rows={3} mono value={tags} onChange={setTags} />
    </FormDialog>
  );
}
