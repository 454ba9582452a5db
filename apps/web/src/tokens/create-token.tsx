import { useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { useAction } from "../ui/use-action.ts";
import { tk } from "./messages.ts";

const DAY = 86_400;
const EXPIRIES = [
  { id: "never", label: tk.expiries.never, seconds: null },
  { id: "day", label: tk.expiries.day, seconds: DAY },
  { id: "month", label: tk.expiries.month, seconds: 30 * DAY },
  { id: "quarter", label: tk.expiries.quarter, seconds: 90 * DAY },
  { id: "year", label: tk.expiries.year, seconds: 365 * DAY },
] as const;
const PRESETS = (["reader", "writer", "admin"] as const).map((id) => ({ id, ...tk.presets[id]! }));
const EVERYWHERE = "everywhere";

/** Makes a token; it is shown this once and goes with the dialog. */
export function CreateToken({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const identity = useIdentity();
  const [name, setName] = useState("");
  const [preset, setPreset] = useState<"reader" | "writer" | "admin">("reader");
  const [expiry, setExpiry] = useState<(typeof EXPIRIES)[number]["id"]>("never");
  const whole = identity.projects === null && identity.environments === null;
  const places = useEnvironmentChoices(tenant);
  const [where, setWhere] = useState<string>(EVERYWHERE);
  const options = [...(whole ? [{ id: EVERYWHERE, label: tk.everywhere }] : []), ...places];
  const chosen = options.some(({ id }) => id === where) ? where : (options[0]?.id ?? EVERYWHERE);
  const action = useAction();
  const [token, setToken] = useState<string | null>(null);

  async function submit() {
    await action.run(async () => {
      const made = await client.tokens.create.mutate({
        tenant,
        name,
        preset,
        expiresInSeconds: EXPIRIES.find(({ id }) => id === expiry)?.seconds ?? null,
        ...(chosen === EVERYWHERE ? {} : { environments: [chosen] }),
      });
      setToken(made.token);
      void queries.invalidateQueries(trpc.tokens.pathFilter());
    });
  }

  if (token !== null)
    return (
      <ShownOnceDialog
        title={tk.shownTitle}
        lead={tk.shownText}
        token={token}
        name={tk.shownLabel}
        onClose={onClose}
      />
    );
  return (
    <FormDialog
      title={tk.create}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={tk.submit}
      busyWord={tk.busy}
      ready={name !== ""}
    >
      <Field label={tk.name} placeholder={tk.namePlaceholder} autoFocus value={name} onChange={setName} />
      <Choice label={tk.preset} options={PRESETS} value={preset} onChange={setPreset} />
      <Choice label={tk.where} options={options} value={chosen} onChange={setWhere} />
      <Choice label={tk.expiry} options={EXPIRIES} value={expiry} onChange={setExpiry} />
    </FormDialog>
  );
}
