import { type FormEvent, useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { type Draft, draftOf, grantOf } from "./draft.ts";
import type { Member, Roles } from "./grant-words.ts";
import { GrantsEditor } from "./grants-editor.tsx";
import { mm } from "./messages.ts";

interface Props {
  tenant: string;
  member: Member;
  roles: Roles | undefined;
  onClose: () => void;
}

/** Gives a member another name, or other rights. */
export function ChangeMember({ tenant, member, roles, onClose }: Props) {
  const { busy, failed, run } = useAction();
  const [name, setName] = useState(member.name);
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => member.grants.map(draftOf));
  const missing = name.trim() === "";

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (missing) return;
    const done = await run(async () => {
      const grants = drafts.map((draft) => grantOf(draft, Date.now()));
      await client.members.change.mutate({ tenant, personId: member.personId, name: name.trim(), grants });
    });
    if (!done) return;
    onClose();
    tell(mm.saved(name.trim()));
    await queries.invalidateQueries(trpc.members.pathFilter());
  }

  return (
    <Dialog
      title={mm.changeTitle(member.name)}
      lead={mm.changeLead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field label={mm.name} value={name} onChange={setName} error={missing ? mm.missingName : undefined} />
        <GrantsEditor tenant={tenant} roles={roles} drafts={drafts} onChange={setDrafts} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {busy ? mm.busy : mm.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
