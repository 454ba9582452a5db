import { type FormEvent, useState } from "react";
import { client, type Secret } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
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
  const { busy, failed, run } = useAction();
  function submit(event: FormEvent) {
    event.preventDefault();
    void run(async () => {
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
    <Dialog title={e.title(secret.name)} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field
          label={m.create.description}
          rows={2}
          autoFocus
          value={description}
          onChange={setDescription}
        />
        <Field label={e.tags} hint={e.tagsHint} rows={3} mono value={tags} onChange={setTags} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {e.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
