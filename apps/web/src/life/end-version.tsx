import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { client, type Secret, type Version } from "../data/trpc.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { l } from "./messages.ts";
import { standingOn, Touched, useForced } from "./touched.tsx";
import { useBlastRadius } from "./use-blast-radius.ts";

export type Ending = "endGrace" | "revoke" | "destroy";

const WORDS = {
  endGrace: { title: l.grace.endTitle, lead: l.grace.endLead, button: l.grace.end, done: l.grace.endedNow },
  revoke: {
    title: l.version.revokeTitle,
    lead: l.version.revokeLead,
    button: l.version.revoke,
    done: l.version.revoked,
  },
  destroy: {
    title: l.version.destroyTitle,
    lead: l.version.destroyLead,
    button: l.version.destroy,
    done: l.version.destroyed,
  },
} as const;

interface Props {
  tenant: string;
  secret: Secret;
  version: Version;
  ending: Ending;
  onClose: () => void;
}

/** Takes a version away for good: with a reason, and from under consumers only when somebody says so. */
export function EndVersion({ tenant, secret, version: { version, active }, ending, onClose }: Props) {
  const action = useAction();
  const [typed, setTyped] = useState("");
  const radius = useBlastRadius(tenant, secret.id).data;
  const refused = action.failed !== null && toFailure(action.failed).code === "in_use";
  const forced = useForced(standingOn(radius, version), refused, { required: true });
  const words = WORDS[ending];
  const sure = ending !== "destroy" || typed.trim() === `v${version}`;

  async function submit() {
    const { reason, force } = forced;
    const done = await action.run(async () => {
      await client.versions[ending].mutate({ tenant, id: secret.id, version, reason, force });
    });
    if (!done) return;
    onClose();
    tell(words.done(version));
    await refreshSecrets();
  }

  return (
    <FormDialog
      role="alertdialog"
      title={words.title(version)}
      lead={words.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={words.button}
      look="danger"
      ready={forced.ready && sure}
    >
      {active ? <p className="text-sm font-medium text-danger-text">{l.version.revokeCurrent}</p> : null}
      <Touched tenant={tenant} secret={secret} />
      {forced.field}
      {ending === "destroy" ? (
        <Field label={l.version.confirm(version)} mono value={typed} onChange={setTyped} />
      ) : null}
    </FormDialog>
  );
}
