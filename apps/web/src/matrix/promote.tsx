import { ArrowRight } from "lucide-react";
import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { client } from "../data/trpc.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { Overtaken } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { type Effect, effectOf } from "./filter.ts";
import { x } from "./messages.ts";
import type { Environment, Row } from "./use-matrix.ts";

/** As many as the server takes in one transaction. */
const MOST = 200;

interface Props {
  tenant: string;
  project: string;
  environments: readonly Environment[];
  /** The columns in sight: the first two are what is offered first. */
  first: readonly number[];
  rows: readonly Row[];
  onClose: () => void;
  onDone: () => void;
}

/** Takes keys from one environment into another, after showing what that does to each. */
export function Promote({ tenant, project, environments, first, rows, onClose, onDone }: Props) {
  const action = useAction();
  const [from, setFrom] = useState(environments[first[0] ?? 0]!.id);
  const [to, setTo] = useState(environments[first[1] ?? 1]!.id);
  const [reason, setReason] = useState("");
  const at = (id: string) => environments.findIndex((one) => one.id === id);
  const effects = rows.map((row) => {
    const [source, target] = [row.cells[at(from)] ?? null, row.cells[at(to)] ?? null];
    return { name: row.name, source, target, effect: effectOf(source, target) };
  });
  const changing = effects.filter(({ effect }) => effect === "create" || effect === "replace");
  const options = environments.map(({ id, name }) => ({ id, label: name }));
  const ready = from !== to && changing.length > 0 && changing.length <= MOST;
  const overtaken = action.failed !== null && toFailure(action.failed).code === "version_mismatch";

  async function submit() {
    const done = await action.run(async () => {
      await client.secrets.promote.mutate({
        tenant,
        project,
        from,
        to,
        items: changing.map(({ name, source, target }) => ({
          name,
          ...(source?.version == null ? {} : { fromVersion: source.version }),
          // What was seen is what is replaced: 0 where there was nothing.
          expectedVersion: target?.version ?? 0,
        })),
        ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      });
    });
    if (!done) return;
    onClose();
    onDone();
    tell(x.promote.done(changing.length, environments[at(to)]!.name));
    await refreshSecrets();
  }

  return (
    <FormDialog
      title={x.promote.title}
      lead={x.promote.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={x.promote.submit(changing.length)}
      busyWord={x.promote.busy}
      ready={ready}
      help={
        overtaken ? (
          <Overtaken
            text={x.promote.overtaken}
            word={x.promote.refresh}
            onPress={() => void refreshSecrets()}
          />
        ) : null
      }
    >
      <div className="grid grid-cols-[1fr_auto_1fr] items-end gap-3">
        <Choice label={x.promote.from} options={options} value={from} onChange={setFrom} />
        <ArrowRight size={16} aria-hidden className="mb-3 text-muted" />
        <Choice label={x.promote.to} options={options} value={to} onChange={setTo} />
      </div>
      {from === to ? null : (
        <section aria-label={x.promote.preview}>
          <ul
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by keyboard, too.
            tabIndex={0}
            className="max-h-64 divide-y divide-line overflow-y-auto rounded-xl border border-line"
          >
            {effects.map(({ name, target, effect }) => (
              <li key={name} className="flex items-baseline justify-between gap-4 px-3.5 py-2 text-sm">
                <span
                  className={`min-w-0 truncate font-mono ${effect === "create" || effect === "replace" ? "font-medium" : "text-muted"}`}
                >
                  {name}
                </span>
                <Says effect={effect} version={target?.version ?? null} />
              </li>
            ))}
          </ul>
          <p role="status" className="mt-2 text-sm text-muted">
            {changing.length > MOST
              ? x.promote.tooMany(MOST)
              : x.promote.sum(changing.length, effects.length - changing.length)}
          </p>
        </section>
      )}
      <Field
        label={x.promote.reason}
        optional
        hint={x.promote.reasonHint}
        value={reason}
        onChange={setReason}
      />
    </FormDialog>
  );
}

function Says({ effect, version }: { effect: Effect; version: number | null }) {
  const { what } = x.promote;
  const words =
    effect === "replace" ? (version === null ? what.create : what.replace(version)) : what[effect];
  const tone =
    effect === "create" ? "text-good-text" : effect === "replace" ? "text-warn-text" : "text-muted";
  return <span className={`shrink-0 text-xs font-medium ${tone}`}>{words}</span>;
}
