import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { tk } from "./messages.ts";

interface Props {
  tenant: string;
  token: { id: string; name: string };
  onClose: () => void;
}

export function RevokeToken({ tenant, token, onClose }: Props) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  async function revoke() {
    setBusy(true);
    setFailed(null);
    try {
      await client.tokens.revoke.mutate({ tenant, id: token.id });
      onClose();
      tell(tk.revokeDone(token.name));
      await queries.invalidateQueries(trpc.tokens.pathFilter());
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  }
  return (
    <Dialog
      role="alertdialog"
      title={tk.revokeTitle(token.name)}
      lead={tk.revokeText}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <FailureNote error={failed} />
      <DialogActions>
        <Button autoFocus onPress={onClose} isDisabled={busy}>
          {m.cancel}
        </Button>
        <Button look="danger" isPending={busy} onPress={() => void revoke()}>
          {tk.revoke}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
