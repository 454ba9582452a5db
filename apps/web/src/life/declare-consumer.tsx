import { useState } from "react";
import { guess } from "../data/optimistically.ts";
import { client, queries, type Secret, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { useOptimistic } from "../ui/use-optimistic.ts";
import { l } from "./messages.ts";
import type { BlastRadius, Consumer } from "./use-blast-radius.ts";

type Kind = Consumer["kind"];
const KINDS = (
  ["service", "worker", "edge_function", "webhook", "ci", "other"] as const satisfies Kind[]
).map((id) => ({ id, label: l.kinds[id]! }));

interface Props {
  tenant: string;
  secret: Secret;
  onClose: () => void;
}

const refresh = () => queries.invalidateQueries(trpc.secrets.blastRadius.pathFilter());

/** The consumer in its secret's list, where it is not yet. */
const guessOf = (id: string, name: string, kind: Kind) =>
  guess<BlastRadius>(trpc.secrets.blastRadius.pathFilter(), (data) =>
    data.secretId !== id || data.consumers.some((one) => one.name === name)
      ? data
      : {
          ...data,
          total: data.total + 1,
          neverSeen: data.neverSeen + 1,
          consumers: [
            ...data.consumers,
            {
              name,
              kind,
              state: "never_seen",
              declaredAt: null,
              declaredBy: null,
              firstReadAt: null,
              lastReadAt: null,
              lastVersion: null,
              instances: 0,
              uses: [],
            },
          ],
        },
  );

/** Says that a workload will read a secret, before it ever has. */
export function DeclareConsumer({ tenant, secret, onClose }: Props) {
  const action = useOptimistic();
  const [consumer, setConsumer] = useState("");
  const [kind, setKind] = useState<Kind>("service");
  async function submit() {
    const done = await action.run([guessOf(secret.id, consumer, kind)], async () => {
      await client.consumers.declare.mutate({ tenant, id: secret.id, consumer, kind });
    });
    if (!done) return;
    onClose();
    tell(l.declare.done(consumer));
  }
  // It stands in the list already; if it does not come about, the form is back.
  if (action.busy) return null;
  return (
    <FormDialog
      title={l.declare.title(secret.name)}
      lead={l.declare.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={l.declare.open}
      ready={consumer !== ""}
    >
      <Field
        label={l.declare.name}
        hint={l.declare.nameHint}
        placeholder={l.consumerExample}
        autoFocus
        value={consumer}
        onChange={setConsumer}
      />
      <Choice label={l.declare.kind} options={KINDS} value={kind} onChange={setKind} />
    </FormDialog>
  );
}

/** Forgets a consumer: nothing waits for it any more. */
export function ForgetConsumer({ tenant, secret, consumer, onClose }: Props & { consumer: string }) {
  const action = useAction();
  const [reason, setReason] = useState("");
  const submit = () =>
    action.run(async () => {
      await client.consumers.remove.mutate({
        tenant,
        id: secret.id,
        consumer,
        ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      });
      onClose();
      tell(l.forget.done(consumer));
      await refresh();
    });
  return (
    <FormDialog
      role="alertdialog"
      title={l.forget.title(consumer)}
      lead={l.forget.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={l.forget.submit}
      look="danger"
    >
      <Field label={l.force.reason} optional hint={l.force.hint} value={reason} onChange={setReason} />
    </FormDialog>
  );
}
