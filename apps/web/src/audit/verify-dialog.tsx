import { CircleCheck, CircleX, ShieldQuestion } from "lucide-react";
import { type ReactNode, useState } from "react";
import { client, type Outputs } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { exactly } from "../ui/from-now.ts";
import { useAction } from "../ui/use-action.ts";
import { exportLines, TooLarge } from "./export-lines.ts";
import { au } from "./messages.ts";
import type { Found } from "./verify/verify-lines.ts";

type Checkpoint = Outputs["audit"]["checkpoint"];

/** Fetches the whole log and verifies it in this browser, with a key from outside where one is given. */
export function VerifyDialog({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const { busy, failed, run } = useAction();
  const [key, setKey] = useState("");
  const [lines, setLines] = useState(0);
  const [found, setFound] = useState<{ found: Found; checkpoint: Checkpoint; own: boolean } | null>(null);
  const own = key.trim() !== "";
  const tooLarge = failed instanceof TooLarge;

  function submit() {
    setFound(null);
    setLines(0);
    void run(async () => {
      const [{ verifyLines }, checkpoint, all] = await Promise.all([
        import("./verify/verify-lines.ts"),
        client.audit.checkpoint.query({ tenant }),
        exportLines(tenant, setLines),
      ]);
      setFound({ found: verifyLines(all, own ? key.trim() : checkpoint.publicKey), checkpoint, own });
    });
  }

  return (
    <FormDialog
      title={au.verify.title}
      lead={au.verify.lead}
      action={{ busy, failed: tooLarge ? null : failed }}
      onSubmit={submit}
      onClose={onClose}
      word={au.verify.submit}
      busyWord={au.verify.busy(lines)}
      leave={m.close}
    >
      <Field label={au.verify.key} optional mono hint={au.verify.keyHint} value={key} onChange={setKey} />
      {found === null ? null : <Result {...found} />}
      {tooLarge ? (
        <p role="alert" className="rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn-text">
          {au.verify.tooLarge}
        </p>
      ) : null}
    </FormDialog>
  );
}

function Result({ found, checkpoint, own }: { found: Found; checkpoint: Checkpoint; own: boolean }) {
  const tone = !found.ok
    ? "text-danger-text"
    : found.level === "self_consistent"
      ? "text-warn-text"
      : "text-good-text";
  const Icon = !found.ok ? CircleX : found.level === "self_consistent" ? ShieldQuestion : CircleCheck;
  return (
    <section
      aria-live="polite"
      aria-label={au.verify.result}
      className="mt-5 rounded-xl border border-line bg-sunken p-4"
    >
      <p className={`flex items-start gap-2 font-medium ${tone}`}>
        <Icon size={18} aria-hidden className="mt-0.5 shrink-0" />
        {found.ok ? au.verify.levels[found.level!] : au.verify.wrong}
      </p>
      {found.sentence === null ? null : <p className="mt-1 text-sm">{found.sentence}</p>}
      <dl className="mt-3 grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
        {found.ok ? <Fact name={au.verify.events}>{`${found.events} / ${found.batches}`}</Fact> : null}
        {found.provenAt === null ? null : <Fact name={au.verify.proven}>{exactly(found.provenAt)}</Fact>}
        {checkpoint.checkpoint === null ? (
          <Fact name={au.verify.checkpoint}>{au.verify.noCheckpoint}</Fact>
        ) : (
          <Fact name={au.verify.checkpoint} mono>
            {checkpoint.checkpoint.note}
          </Fact>
        )}
        <Fact name={au.verify.publicKey} mono>
          {checkpoint.publicKey}
        </Fact>
      </dl>
      <p className="mt-3 text-xs text-muted">{own ? au.verify.ownKey : au.verify.serversKey}</p>
    </section>
  );
}

function Fact({ name, children, mono = false }: { name: string; children: ReactNode; mono?: boolean }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className={mono ? "font-mono text-xs leading-5 break-all whitespace-pre-wrap" : ""}>{children}</dd>
    </>
  );
}
