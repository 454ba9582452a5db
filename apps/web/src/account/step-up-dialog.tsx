import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { meOptions } from "./account-page.tsx";
import { a } from "./messages.ts";
import { ProveFactor } from "./prove-factor.tsx";

/** Asks for a second factor, over whatever form is open; whoever has none is told where to set one up. */
export function StepUpDialog({ onAnswer }: { onAnswer: (proved: boolean) => void }) {
  const navigate = useNavigate();
  const me = useQuery(meOptions());
  if (me.isPending) return null;
  if (me.data?.factors.length !== 0)
    return <ProveFactor onProved={() => onAnswer(true)} onClose={() => onAnswer(false)} />;
  return (
    <Dialog title={a.proveTitle} lead={a.proveNone} isOpen onClose={() => onAnswer(false)}>
      <DialogActions>
        <Button onPress={() => onAnswer(false)}>{m.cancel}</Button>
        <Button
          look="primary"
          onPress={() => {
            onAnswer(false);
            void navigate({ to: "/account" });
          }}
        >
          {a.proveSetUp}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
