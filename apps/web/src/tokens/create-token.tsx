import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ShownOnce } from "../ui/shown-once.tsx";
import { FailureNote } from "../ui/state.tsx";
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
  const places = usePlaces(tenant);
  const [where, setWhere] = useState<string>(EVERYWHERE);
  const options = [...(whole ? [{ id: EVERYWHERE, label: tk.everywhere }] : []), ...places];
  const chosen = options.some(({ id }) => id === where) ? where : (options[0]?.id ?? EVERYWHERE);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const [token, setToken] = useState<string | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy || name === "") return;
    setBusy(true);
    setFailed(null);
    try {
      const made = await client.tokens.create.mutate({
        tenant,
        name,
        preset,
        expiresInSeconds: EXPIRIES.find(({ id }) => id === expiry)?.seconds ?? null,
        ...(chosen === EVERYWHERE ? {} : { environments: [chosen] }),
      });
      setToken(made.token);
      void queries.invalidateQueries(trpc.tokens.pathFilter());
    } catch (error) {
      setFailed(error);
    }
    setBusy(false);
  }

  if (token !== null)
    return (
      <Dialog title={tk.shownTitle} lead={tk.shownText} isOpen onClose={onClose} dismissable={false}>
        <ShownOnce token={token} name={tk.shownLabel} />
        <DialogActions>
          <Button onPress={onClose}>{m.done}</Button>
        </DialogActions>
      </Dialog>
    );
  return (
    <Dialog title={tk.create} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field label={tk.name} placeholder={tk.namePlaceholder} autoFocus value={name} onChange={setName} />
        <Choice label={tk.preset} options={PRESETS} value={preset} onChange={setPreset} />
        <Choice label={tk.where} options={options} value={chosen} onChange={setWhere} />
        <Choice label={tk.expiry} options={EXPIRIES} value={expiry} onChange={setExpiry} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy} isDisabled={name === ""}>
            {busy ? tk.busy : tk.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Each environment of the tenant's first project; a scope of several is made through the API so far. */
function usePlaces(tenant: string): { id: string; label: string }[] {
  const projects = useQuery(trpc.projects.list.queryOptions({ tenant })).data?.projects ?? [];
  const first = projects.find(({ name }) => name === "default") ?? projects[0];
  const environments = useQuery({
    ...trpc.environments.list.queryOptions({ tenant, project: first?.id ?? "" }),
    enabled: first !== undefined,
  }).data?.environments;
  return (environments ?? []).map(({ id, name }) => ({ id, label: `${first?.name} / ${name}` }));
}
