import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { useAction } from "../ui/use-action.ts";
import { type Draft, grantOf, newDraft } from "./draft.ts";
import type { Roles } from "./grant-words.ts";
import { GrantsEditor } from "./grants-editor.tsx";
import { mm } from "./messages.ts";

interface Props {
  tenant: string;
  roles: Roles | undefined;
  /** A tenant's first member is an owner. */
  first: boolean;
  onClose: () => void;
}

/** Invites somebody by address; the link is shown this once. */
export function Invite({ tenant, roles, first, onClose }: Props) {
  const action = useAction();
  const [email, setEmail] = useState("");
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => [newDraft(first ? "owner" : "developer")]);
  const [tried, setTried] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const bad = !/^[^\s@]+@[^\s@]+$/.test(email.trim());

  async function submit() {
    setTried(true);
    if (bad) return;
    const done = await action.run(async () => {
      const { secret } = await client.invitations.create.mutate({
        tenant,
        email: email.trim(),
        grants: drafts.map((draft) => grantOf(draft, Date.now())),
      });
      setLink(`${location.origin}/welcome#${secret}`);
    });
    if (done) void queries.invalidateQueries(trpc.invitations.pathFilter());
  }

  if (link !== null)
    return (
      <ShownOnceDialog
        title={mm.linkTitle}
        lead={mm.linkText(email.trim())}
        token={link}
        name={mm.linkLabel}
        label={mm.linkLabel}
        onClose={onClose}
      />
    );
  return (
    <FormDialog
      title={mm.inviteTitle}
      lead={mm.inviteLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={mm.submitInvite}
      busyWord={mm.busy}
    >
      <Field
        label={mm.email}
        type="email"
        autoFocus
        value={email}
        onChange={setEmail}
        error={tried && bad ? mm.badEmail : undefined}
      />
      <GrantsEditor tenant={tenant} roles={roles} drafts={drafts} onChange={setDrafts} />
    </FormDialog>
  );
}
