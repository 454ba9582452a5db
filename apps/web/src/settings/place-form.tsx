import { useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { client } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { se } from "./messages.ts";
import { refreshPlaces } from "./refresh.ts";

interface Props {
  tenant: string;
  onClose: () => void;
}

/** Makes a project with its environments. */
export function NewProject({ tenant, onClose }: Props) {
  const [name, setName] = useState("");
  const [environments, setEnvironments] = useState("dev\nstaging\nprod");
  const [idempotencyKey] = useState(freshKey);
  const action = useAction();
  const lines = environments
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const submit = () =>
    action.run(async () => {
      await client.projects.create.mutate({ tenant, name, environments: lines, idempotencyKey });
      onClose();
      tell(se.created(name));
      await refreshPlaces();
    });
  return (
    <FormDialog
      title={se.newProject}
      lead={se.projectLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={se.create}
      busyWord={se.creating}
      ready={name !== ""}
    >
      <Field label={se.name} hint={se.nameHint} autoFocus value={name} onChange={setName} />
      <Field
        label={se.environmentsField}
        hint={se.environmentsHint}
        rows={3}
        mono
        value={environments}
        onChange={setEnvironments}
      />
    </FormDialog>
  );
}

interface NameProps extends Props {
  title: string;
  lead?: string;
  /** What it is called now; '' for what is new. */
  now: string;
  done: (name: string) => string;
  work: (name: string, idempotencyKey: string) => Promise<unknown>;
}

/** One name: of a new environment, or the new one of what has one. */
export function NameForm({ title, lead, now, done, work, onClose }: Omit<NameProps, "tenant">) {
  const [name, setName] = useState(now);
  const [idempotencyKey] = useState(freshKey);
  const action = useAction();
  const isNew = now === "";
  const submit = () =>
    action.run(async () => {
      await work(name, idempotencyKey);
      onClose();
      tell(done(name));
      await refreshPlaces();
    });
  return (
    <FormDialog
      title={title}
      lead={lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={isNew ? se.create : se.save}
      busyWord={isNew ? se.creating : se.saving}
      ready={name !== "" && name !== now}
    >
      <Field label={se.name} hint={se.nameHint} autoFocus value={name} onChange={setName} />
    </FormDialog>
  );
}
