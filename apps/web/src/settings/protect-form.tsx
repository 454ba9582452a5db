import { useState } from "react";
import { client } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import type { Environment } from "./environment-rows.tsx";
import { se } from "./messages.ts";
import { refreshPlaces } from "./refresh.ts";

const OPTIONS = (["none", "changes", "all"] as const).map((id) => ({ id, ...se.protections[id] }));

/** Says what takes two people in an environment. */
export function ProtectForm({
  tenant,
  environment: { id, name, protection },
  onClose,
}: {
  tenant: string;
  environment: Environment;
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState<(typeof OPTIONS)[number]["id"]>(protection ?? "none");
  const action = useAction();
  const submit = () =>
    action.run(async () => {
      await client.environments.protect.mutate({
        tenant,
        environment: id,
        protection: chosen === "none" ? null : chosen,
      });
      onClose();
      tell(se.protected(name));
      await refreshPlaces();
    });
  return (
    <FormDialog
      title={se.protectTitle(name)}
      lead={se.protectLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={se.save}
      busyWord={se.saving}
    >
      <Choice label={se.takesTwo} options={OPTIONS} value={chosen} onChange={setChosen} />
      {protection === null ? null : <p className="text-sm text-muted">{se.protectLess}</p>}
    </FormDialog>
  );
}
