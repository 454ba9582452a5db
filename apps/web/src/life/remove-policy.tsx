import { client, queries, type Secret, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { l } from "./messages.ts";

/** Asks once more before a policy goes. */
export function RemovePolicy({
  tenant,
  secret,
  onClose,
}: {
  tenant: string;
  secret: Secret;
  onClose: () => void;
}) {
  const { busy, failed, run } = useAction();
  async function remove() {
    const done = await run(async () => {
      await client.rotation.removePolicy.mutate({ tenant, id: secret.id });
    });
    if (!done) return;
    onClose();
    tell(l.policy.removed(secret.name));
    await queries.resetQueries(trpc.rotation.pathFilter());
  }
  return (
    <Dialog
      role="alertdialog"
      title={l.policy.removeTitle(secret.name)}
      lead={l.policy.removeLead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <FailureNote error={failed} />
      <DialogActions>
        <Button onPress={onClose} isDisabled={busy}>
          {m.cancel}
        </Button>
        <Button look="danger" isPending={busy} onPress={() => void remove()}>
          {l.policy.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
