import { type FormEvent, useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ShownOnce } from "../ui/shown-once.tsx";
import { FailureNote } from "../ui/state.tsx";
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
  const { busy, failed, run } = useAction();
  const [email, setEmail] = useState("");
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => [newDraft(first ? "owner" : "developer")]);
  const [tried, setTried] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const bad = !/^[^\s@]+@[^\s@]+$/.test(email.trim());

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (bad) return;
    const done = await run(async () => {
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
      <Dialog
        title={mm.linkTitle}
        lead={mm.linkText(email.trim())}
        isOpen
        onClose={onClose}
        dismissable={false}
      >
        <ShownOnce token={link} name={mm.linkLabel} label={mm.linkLabel} />
        <DialogActions>
          <Button onPress={onClose}>{m.done}</Button>
        </DialogActions>
      </Dialog>
    );
  return (
    <Dialog title={mm.inviteTitle} lead={mm.inviteLead} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field
          label={mm.email}
          type="email"
          autoFocus
          value={email}
          onChange={setEmail}
          error={tried && bad ? mm.badEmail : undefined}
        />
        <GrantsEditor tenant={tenant} roles={roles} drafts={drafts} onChange={setDrafts} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {busy ? mm.busy : mm.submitInvite}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
