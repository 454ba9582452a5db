import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { te } from "./messages.ts";

/** Makes a tenant and its first token, which is shown this once and goes with the dialog. */
export function CreateTenant({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [slug, setSlug] = useState("");
  const [name, setName] = useState("");
  const action = useAction();
  const [made, setMade] = useState(false);
  const [token, setToken] = useState<string | null>(null);

  async function submit() {
    await action.run(async () => {
      await client.tenants.create.mutate({ slug, ...(name === "" ? {} : { name }) });
      setMade(true);
      void queries.invalidateQueries(trpc.tenants.pathFilter());
      const { token: first } = await client.tokens.create.mutate({
        tenant: slug,
        name: "first token",
        preset: "admin",
      });
      setToken(first);
    });
  }

  if (made && !action.busy)
    return (
      <ShownOnceDialog
        title={te.firstTitle(slug)}
        lead={token === null ? te.firstFailed : te.firstText}
        token={token}
        name={m.newToken}
        onClose={onClose}
        more={
          <Button
            onPress={() => {
              onClose();
              void navigate({ to: "/t/$tenant", params: { tenant: slug } });
            }}
          >
            {te.go}
          </Button>
        }
      >
        {token === null ? <FailureNote error={action.failed} /> : null}
      </ShownOnceDialog>
    );
  return (
    <FormDialog
      title={te.create}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={te.submit}
      busyWord={te.busy}
      ready={slug !== ""}
    >
      <Field
        label={te.slug}
        hint={te.slugHint}
        mono
        autoFocus
        value={slug}
        onChange={setSlug}
        placeholder={te.slugExample}
      />
      <Field label={te.name} optional value={name} onChange={setName} placeholder={te.nameExample} />
    </FormDialog>
  );
}
