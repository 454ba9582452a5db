import { type FormEvent, useState } from "react";
import { client, type Inputs, type Outputs, type Secret } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { SELF, useActions, useWhom, whoIs } from "./choices.ts";
import { ac } from "./messages.ts";
import { Verdict } from "./verdict.tsx";

interface Props {
  tenant: string;
  secret: Secret;
  onClose: () => void;
}

const OF_A_SECRET = /^(secret|version|rotation|consumer|link)\./;

/** Says of one secret why somebody may or may not do something with it. */
export function ExplainDialog({ tenant, secret, onClose }: Props) {
  const whom = useWhom(tenant);
  const actions = useActions((action) => OF_A_SECRET.test(action));
  const [who, setWho] = useState(SELF);
  const [action, setAction] = useState("secret.reveal");
  const [answer, setAnswer] = useState<Outputs["access"]["explain"] | null>(null);
  const { busy, failed, run } = useAction();

  function submit(event: FormEvent) {
    event.preventDefault();
    setAnswer(null);
    void run(async () => {
      const asked = action as Inputs["access"]["explain"]["action"];
      setAnswer(await client.access.explain.query({ tenant, id: secret.id, action: asked, ...whoIs(who) }));
    });
  }

  return (
    <Dialog title={ac.policy.explainTitle(secret.name)} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Choice label={ac.who} options={whom} value={who} onChange={setWho} />
        <Choice label={ac.action} options={actions} value={action} onChange={setAction} />
        <Button type="submit" look="primary" wide isPending={busy}>
          {busy ? ac.busy : ac.submit}
        </Button>
      </form>
      <section aria-live="polite" aria-label={ac.stepsLabel} className="mt-5">
        <FailureNote error={failed} />
        {answer === null ? null : <Verdict answer={answer} />}
      </section>
      <p className="mt-4 text-xs text-muted">{ac.note}</p>
    </Dialog>
  );
}
