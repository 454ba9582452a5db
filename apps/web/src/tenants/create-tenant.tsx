import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ShownOnce } from "../ui/shown-once.tsx";
import { FailureNote } from "../ui/state.tsx";
import { te } from "./messages.ts";

/** Makes a tenant and its first token, which is shown this once and goes with the dialog. */
export function CreateTenant({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [slug, setSlug] = useState("");
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const [made, setMade] = useState(false);
  const [token, setToken] = useState<string | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy || slug === "") return;
    setBusy(true);
    setFailed(null);
    try {
      await client.tenants.create.mutate({ slug, ...(name === "" ? {} : { name }) });
      setMade(true);
      void queries.invalidateQueries(trpc.tenants.pathFilter());
      const { token: first } = await client.tokens.create.mutate({
        tenant: slug,
        name: "first token",
        preset: "admin",
      });
      setToken(first);
    } catch (error) {
      setFailed(error);
    }
    setBusy(false);
  }

  if (made && !busy)
    return (
      <Dialog
        title={te.firstTitle(slug)}
        lead={token === null ? te.firstFailed : te.firstText}
        isOpen
        onClose={onClose}
        dismissable={false}
      >
        {token === null ? <FailureNote error={failed} /> : <ShownOnce token={token} name={m.newToken} />}
        <DialogActions>
          <Button onPress={onClose}>{m.done}</Button>
          <Button
            onPress={() => {
              onClose();
              void navigate({ to: "/t/$tenant", params: { tenant: slug } });
            }}
          >
            {te.go}
          </Button>
        </DialogActions>
      </Dialog>
    );
  return (
    <Dialog title={te.create} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Field
          label={te.slug}
          hint={te.slugHint}
          mono
          autoFocus
          value={slug}
          onChange={setSlug}
          placeholder="acme"
        />
        <Field label={te.name} optional value={name} onChange={setName} placeholder="Acme Ltd" />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy} isDisabled={slug === ""}>
            {busy ? te.busy : te.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
