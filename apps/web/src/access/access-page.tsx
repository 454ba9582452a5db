import { useParams, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, type Inputs, type Outputs } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { useAction } from "../ui/use-action.ts";
import { SELF, useActions, useWhom, whoIs } from "./choices.ts";
import { ac } from "./messages.ts";
import { Verdict } from "./verdict.tsx";

type Action = Inputs["access"]["explain"]["action"];
type Answer = Outputs["access"]["explain"];
const NOWHERE = "nowhere";

/** Says why somebody may or may not do something. */
export function AccessPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/access" });
  const { person } = useSearch({ from: "/app/t/$tenant/access" });
  useTitle(ac.title, tenant);
  const { busy, failed, run } = useAction();
  const whom = useWhom(tenant);
  const actions = useActions();
  const environments = useEnvironmentChoices(tenant);
  const [who, setWho] = useState(person === undefined ? SELF : `m ${person}`);
  const [action, setAction] = useState<string>("secret.reveal");
  const [where, setWhere] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [answer, setAnswer] = useState<Answer | null>(null);
  const place = environments.find(({ id }) => id === where) ?? (where === null ? environments[0] : undefined);
  const chosen = whom.some(({ id }) => id === who) ? who : SELF;

  async function submit(event: FormEvent) {
    event.preventDefault();
    setAnswer(null);
    await run(async () => {
      const asked = await client.access.explain.query({
        tenant,
        action: action as Action,
        ...whoIs(chosen),
        ...(place === undefined || name.trim() === ""
          ? {}
          : { project: place.project, environment: place.id, name: name.trim() }),
      });
      setAnswer(asked);
    });
  }

  return (
    <>
      <PageHeader title={ac.title} lead={ac.lead} />
      <div className="grid items-start gap-6 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <form onSubmit={submit} noValidate autoComplete="off" className={`${CARD} space-y-5 p-5`}>
          <Choice label={ac.who} options={whom} value={chosen} onChange={setWho} />
          <Choice label={ac.action} options={actions} value={action} onChange={setAction} />
          <Choice
            label={ac.place}
            options={[{ id: NOWHERE, label: ac.anywhere }, ...environments]}
            value={place?.id ?? NOWHERE}
            onChange={setWhere}
          />
          {place === undefined ? null : (
            <Field label={ac.secret} mono hint={ac.secretHint} value={name} onChange={setName} />
          )}
          <Button type="submit" look="primary" wide isPending={busy}>
            {busy ? ac.busy : ac.submit}
          </Button>
          <p className="text-xs text-muted">{ac.note}</p>
        </form>
        <section aria-live="polite" aria-label={ac.stepsLabel}>
          {failed ? (
            <FailureNote error={failed} />
          ) : answer === null ? (
            <p className="rounded-2xl border border-dashed border-line px-5 py-12 text-center text-muted">
              {ac.nothing}
            </p>
          ) : (
            <Verdict answer={answer} />
          )}
        </section>
      </div>
    </>
  );
}
