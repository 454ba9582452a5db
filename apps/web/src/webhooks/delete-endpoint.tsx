import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { w } from "./messages.ts";
import type { Endpoint } from "./webhooks-page.tsx";

interface Props {
  tenant: string;
  endpoint: Endpoint;
  onClose: () => void;
  onDeleted: () => void;
}

/** Asks once more before an endpoint goes. */
export function DeleteEndpoint({ tenant, endpoint, onClose, onDeleted }: Props) {
  const { busy, failed, run } = useAction();
  async function remove() {
    const done = await run(async () => {
      await client.webhooks.delete.mutate({ tenant, id: endpoint.id });
    });
    if (!done) return;
    onClose();
    onDeleted();
    tell(w.removed);
    await queries.invalidateQueries(trpc.webhooks.pathFilter());
  }
  return (
    <Dialog
      role="alertdialog"
      title={w.removeTitle}
      lead={w.removeLead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <p className="rounded-lg bg-sunken px-3 py-2 font-mono text-sm break-all">{endpoint.url}</p>
      <FailureNote error={failed} />
      <DialogActions>
        <Button onPress={onClose} isDisabled={busy}>
          {m.cancel}
        </Button>
        <Button look="danger" isPending={busy} onPress={() => void remove()}>
          {w.remove}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
