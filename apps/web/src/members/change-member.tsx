import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
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
  const action = useAction();
  const [name, setName] = useState(member.name);
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => member.grants.map(draftOf));
  const missing = name.trim() === "";

  async function submit() {
    if (missing) return;
    const done = await action.run(async () => {
      const grants = drafts.map((draft) => grantOf(draft, Date.now()));
      await client.members.change.mutate({ tenant, personId: member.personId, name: name.trim(), grants });
    });
    if (!done) return;
    onClose();
    tell(mm.saved(name.trim()));
    await queries.invalidateQueries(trpc.members.pathFilter());
  }

  return (
    <FormDialog
      title={mm.changeTitle(member.name)}
      lead={mm.changeLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={mm.save}
      busyWord={mm.busy}
    >
      <Field label={mm.name} value={name} onChange={setName} error={missing ? mm.missingName : undefined} />
      <GrantsEditor tenant={tenant} roles={roles} drafts={drafts} onChange={setDrafts} />
    </FormDialog>
  );
}
