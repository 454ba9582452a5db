import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { graceChoices } from "./grace-choices.ts";
import { se } from "./messages.ts";
import type { Tenant } from "./tenant-section.tsx";

const ALGORITHMS = (["default", "aes-256-gcm", "hybrid-quantum"] as const).map((id) => ({
  id,
  label: se.algorithms[id]!,
}));

/** What holds for a tenant's secrets that do not say otherwise. */
export function ConfigureTenant({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const [grace, setGrace] = useState(String(tenant.graceSeconds));
  const [algorithm, setAlgorithm] = useState<(typeof ALGORITHMS)[number]["id"]>(
    tenant.algorithm ?? "default",
  );
  const action = useAction();
  const submit = () =>
    action.run(async () => {
      await client.tenants.configure.mutate({
        tenant: tenant.slug,
        graceSeconds: grace === "null" ? null : Number(grace),
        algorithm: algorithm === "default" ? null : algorithm,
      });
      onClose();
      tell(se.configured);
      await queries.invalidateQueries(trpc.tenants.pathFilter());
    });
  return (
    <FormDialog
      title={se.configureTitle}
      lead={se.configureLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={se.save}
      busyWord={se.saving}
    >
      <div>
        <Choice
          label={se.grace}
          options={graceChoices(tenant.graceSeconds)}
          value={grace}
          onChange={setGrace}
        />
        <p className="mt-1.5 text-xs text-muted">{se.graceHint}</p>
      </div>
      <Choice label={se.algorithm} options={ALGORITHMS} value={algorithm} onChange={setAlgorithm} />
    </FormDialog>
  );
}
