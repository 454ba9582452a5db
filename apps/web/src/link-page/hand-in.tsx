import { CircleCheck, ShieldCheck, Users } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { Button } from "../ui/button.tsx";
import { Fact } from "../ui/fact.tsx";
import { Field } from "../ui/field.tsx";
import { exactly } from "../ui/from-now.ts";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { type Held, handIn, type LinkLook, tellSite } from "./calls.ts";
import { Ended } from "./link-page.tsx";
import { k } from "./messages.ts";

interface Receipt {
  reference: string;
  receivedAt: string;
}

/** A form that takes a value and never shows it again: what was typed goes with it. */
export function HandIn({ held, link }: { held: Held; link: LinkLook }) {
  const value = useRef("");
  const [odd, setOdd] = useState(false);
  const [empty, setEmpty] = useState(false);
  const { busy, failed, run } = useAction();
  const [receipt, setReceipt] = useState<Receipt | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setEmpty(value.current === "");
    if (value.current === "") return;
    await run(async () => {
      const received = await handIn(held, value.current);
      value.current = "";
      setReceipt(received);
      tellSite(link.origins, received.reference);
    });
  }

  if (receipt !== null) return <Received label={link.label} receipt={receipt} />;
  if (failed !== null && toFailure(failed).code === "link_ended") return <Ended />;
  return (
    <form onSubmit={submit} noValidate autoComplete="off">
      <h1 className="text-xl font-semibold tracking-tight">{link.label}</h1>
      <p className="mt-1 text-muted">{k.asks(link.tenant)}</p>
      {link.note === "" ? null : (
        <p className="mt-3 rounded-lg bg-sunken px-3 py-2.5 whitespace-pre-wrap">{link.note}</p>
      )}
      <div className="mt-5">
        <Field
          label={k.value}
          placeholder={k.placeholder}
          rows={3}
          mono
          hint={odd ? <span className="font-medium text-warn-text">{k.whitespace}</span> : undefined}
          error={empty ? k.empty : undefined}
          onChange={(entered) => {
            value.current = entered;
            setOdd(entered.trim() !== entered);
            setEmpty(false);
          }}
        />
      </div>
      <p className="mt-3 flex gap-2.5 text-sm text-muted">
        {link.writeOnly ? (
          <ShieldCheck size={18} aria-hidden className="mt-px shrink-0 text-good-text" />
        ) : (
          <Users size={18} aria-hidden className="mt-px shrink-0" />
        )}
        <span>
          {link.writeOnly ? k.writeOnly : k.readable} {k.until(exactly(link.expiresAt))}
        </span>
      </p>
      <FailureNote error={failed} />
      <div className="mt-5">
        <Button type="submit" look="primary" size="lg" wide isPending={busy}>
          {busy ? k.busy : k.submit}
        </Button>
      </div>
    </form>
  );
}

function Received({ label, receipt }: { label: string; receipt: Receipt }) {
  return (
    <section role="status" className="text-center">
      <CircleCheck size={36} aria-hidden className="mx-auto text-good-text" />
      <h1 className="mt-3 text-xl font-semibold tracking-tight">{k.received}</h1>
      <p className="mt-1 text-muted">{k.receivedText(label)}</p>
      <dl className="mt-5 divide-y divide-line border-y border-line text-left text-sm">
        <Fact name={k.time}>{exactly(receipt.receivedAt)}</Fact>
        <Fact name={k.reference}>
          <code className="text-xs select-all">{receipt.reference}</code>
        </Fact>
      </dl>
    </section>
  );
}
