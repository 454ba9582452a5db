import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { freshKey } from "../data/fresh-key.ts";
import { client, type Secret } from "../data/trpc.ts";
import { l } from "../life/messages.ts";
import { Moving } from "../life/moving.tsx";
import { Touched } from "../life/touched.tsx";
import { running, useBlastRadius } from "../life/use-blast-radius.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { Overtaken } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { sm } from "./messages.ts";
import { refreshSecrets } from "./use-secrets.ts";
import { NO_VALUE, ValueField } from "./value-field.tsx";

const GRACES = [
  { id: "secret", label: sm.rotate.graceDefault, seconds: undefined },
  { id: "none", label: sm.rotate.graceNone, seconds: 0 },
  { id: "hour", label: sm.rotate.graceOne, seconds: 3_600 },
  { id: "day", label: sm.rotate.graceDay, seconds: 86_400 },
  { id: "week", label: sm.rotate.graceWeek, seconds: 604_800 },
] as const;
type Grace = (typeof GRACES)[number]["id"];

interface Props {
  tenant: string;
  secret: Secret;
  onClose: () => void;
}

/** The form for a new version. It goes on top of the version that was seen, or not at all. */
export function RotateSecret({ tenant, secret, onClose }: Props) {
  const [entered, setEntered] = useState(NO_VALUE);
  const [reason, setReason] = useState("");
  const [grace, setGrace] = useState<Grace>("secret");
  const [tried, setTried] = useState(false);
  const action = useAction();
  const [made, setMade] = useState<number | null>(null);
  const radius = useBlastRadius(tenant, secret.id).data;
  const [idempotencyKey] = useState(freshKey);
  const { id, name, version } = secret;

  async function submit() {
    setTried(true);
    if (entered.value === "") return;
    const seconds = GRACES.find((choice) => choice.id === grace)?.seconds;
    await action.run(async () => {
      const { secret: after, changed } = await client.secrets.rotate.mutate({
        tenant,
        id,
        ...entered,
        expectedVersion: version ?? 0,
        ...(reason === "" ? {} : { reason }),
        ...(seconds === undefined ? {} : { graceSeconds: seconds }),
        idempotencyKey,
      });
      setEntered(NO_VALUE);
      // Where somebody has to move, whoever rotated sees how they do.
      if (changed && radius !== undefined && running(radius) > 0) setMade(after.version);
      else onClose();
      tell(changed ? sm.rotate.done(name, after.version ?? 0) : sm.rotate.same(name));
      await refreshSecrets();
    });
  }

  if (made !== null)
    return (
      <Dialog title={l.moving.title(made)} lead={l.moving.lead} isOpen onClose={onClose}>
        <Moving tenant={tenant} secret={secret} version={made} />
        <DialogActions>
          <Button look="primary" onPress={onClose}>
            {m.done}
          </Button>
        </DialogActions>
      </Dialog>
    );

  const overtaken = action.failed !== null && toFailure(action.failed).code === "version_mismatch";
  return (
    <FormDialog
      title={sm.rotate.title(name)}
      lead={sm.rotate.lead((version ?? 0) + 1)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={sm.rotate.submit}
      busyWord={sm.rotate.busy}
      help={
        overtaken ? (
          <Overtaken
            text={sm.rotate.changed}
            word={sm.rotate.reload}
            onPress={() => {
              onClose();
              void refreshSecrets();
            }}
          />
        ) : null
      }
    >
      {version === null ? null : <Touched tenant={tenant} secret={secret} />}
      <ValueField
        label={sm.rotate.value}
        entered={entered}
        onChange={setEntered}
        error={tried && entered.value === "" ? sm.create.missingValue : undefined}
        autoFocus
      />
      <Field
        label={sm.rotate.reason}
        optional
        hint={sm.rotate.reasonHint}
        placeholder={sm.rotate.reasonPlaceholder}
        value={reason}
        onChange={setReason}
      />
      {version === null ? null : (
        <Choice label={sm.rotate.grace} options={GRACES} value={grace} onChange={setGrace} />
      )}
    </FormDialog>
  );
}
