import { useState } from "react";
import { freshKey } from "../data/fresh-key.ts";
import { EVERYWHERE, usePlaceChoices, whereOf } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { ISSUERS } from "./issuers.ts";
import { fe } from "./messages.ts";

type From = keyof typeof fe.froms;
const FROMS = (Object.keys(fe.froms) as From[]).map((id) => ({ id, ...fe.froms[id] }));
const PRESETS = (["reader", "writer"] as const).map((id) => ({ id, ...fe.presets[id] }));
const LIVES = [300, 900, 3600].map((seconds) => ({ id: String(seconds), label: fe.lives[seconds]! }));

/** Makes a rule. */
export function RuleForm({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const action = useAction();
  const [from, setFrom] = useState<From>("github");
  const [name, setName] = useState("");
  const [issuer, setIssuer] = useState(ISSUERS.github.issuer);
  const [audience, setAudience] = useState(location.origin);
  const [claim, setClaim] = useState("sub");
  const [pattern, setPattern] = useState("");
  const [preset, setPreset] = useState<"reader" | "writer">("reader");
  const [where, setWhere] = useState<string>(EVERYWHERE);
  const [life, setLife] = useState("900");
  const [tried, setTried] = useState(false);
  const [idempotencyKey] = useState(freshKey);
  const { options } = usePlaceChoices(tenant, fe.whole, fe.wholeProject);
  const missing = (text: string) => (tried && text.trim() === "" ? fe.missing : undefined);

  async function submit() {
    setTried(true);
    if ([name, issuer, audience, claim, pattern].some((text) => text.trim() === "")) return;
    const done = await action.run(async () => {
      await client.federation.create.mutate({
        tenant,
        name: name.trim(),
        issuer: issuer.trim(),
        audience: audience.trim(),
        claims: { [claim.trim()]: [pattern.trim()] },
        preset,
        ...whereOf(where),
        lifeSeconds: Number(life),
        idempotencyKey,
      });
    });
    if (!done) return;
    onClose();
    tell(fe.made(name.trim()));
    await queries.invalidateQueries(trpc.federation.pathFilter());
  }

  return (
    <FormDialog
      title={fe.create}
      lead={fe.formLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={fe.submit}
      busyWord={fe.busy}
    >
      <Field
        label={fe.name}
        placeholder={fe.namePlaceholder}
        autoFocus
        value={name}
        onChange={setName}
        error={missing(name)}
      />
      <Choice
        label={fe.from}
        options={FROMS}
        value={from}
        onChange={(next) => {
          setFrom(next);
          setIssuer(ISSUERS[next].issuer);
          setClaim(ISSUERS[next].claim);
        }}
      />
      <Field
        label={fe.issuer}
        hint={fe.issuerHint}
        placeholder={fe.issuerExample}
        mono
        value={issuer}
        onChange={setIssuer}
        error={missing(issuer)}
      />
      <Field
        label={fe.audience}
        hint={fe.audienceHint}
        mono
        value={audience}
        onChange={setAudience}
        error={missing(audience)}
      />
      <div className="grid gap-4 sm:grid-cols-[8rem_minmax(0,1fr)]">
        <Field label={fe.claim} mono value={claim} onChange={setClaim} error={missing(claim)} />
        <Field
          label={fe.pattern}
          hint={fe.patternHint}
          placeholder={ISSUERS[from].placeholder}
          mono
          value={pattern}
          onChange={setPattern}
          error={missing(pattern)}
        />
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice label={fe.rights} options={PRESETS} value={preset} onChange={setPreset} />
        <Choice label={fe.life} options={LIVES} value={life} onChange={setLife} />
      </div>
      <Choice label={fe.where} options={options} value={where} onChange={setWhere} />
    </FormDialog>
  );
}
