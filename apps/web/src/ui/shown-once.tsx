import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { m } from "../messages.ts";
import { copyAndTell } from "../reveal/read-value.ts";
import { Button } from "./button.tsx";

interface Props {
  token: string;
  /** What it is called once it is copied. */
  name: string;
  label?: string;
}

/** A token, this one time: in a text node and in the state of whoever shows it. */
export function ShownOnce({ token, name, label = m.newToken }: Props) {
  const [copied, setCopied] = useState(false);
  return (
    <section aria-label={label} className="overflow-hidden rounded-xl border border-accent/40">
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it can be selected by keyboard, too.
        tabIndex={0}
        className="px-3.5 py-3 text-sm break-all whitespace-pre-wrap select-all -outline-offset-2"
      >
        {token}
      </pre>
      <div className="border-t border-line bg-sunken p-2">
        <Button
          wide
          look={copied ? "secondary" : "primary"}
          onPress={() => void copyAndTell(name, async () => token).then(() => setCopied(true))}
        >
          {copied ? <Check size={15} aria-hidden /> : <Copy size={14} aria-hidden />}
          {copied ? m.copied : m.copy}
        </Button>
      </div>
    </section>
  );
}
