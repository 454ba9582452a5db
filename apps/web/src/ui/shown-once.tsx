import { Check, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";
import { m } from "../messages.ts";
import { copyAndTell } from "../reveal/read-value.ts";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";

interface Props {
  /** One token or link, or several codes. */
  token: string | readonly string[];
  /** What it is called once it is copied. */
  name: string;
  label?: string;
}

/** A token, this one time: in text nodes and in the state of whoever shows it. */
export function ShownOnce({ token, name, label = m.newToken }: Props) {
  const [copied, setCopied] = useState(false);
  const text = typeof token === "string" ? token : token.join("\n");
  return (
    <section aria-label={label} className="overflow-hidden rounded-xl border border-accent/40">
      {typeof token === "string" ? (
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it can be selected by keyboard, too.
          tabIndex={0}
          className="px-3.5 py-3 text-sm break-all whitespace-pre-wrap select-all -outline-offset-2"
        >
          {token}
        </pre>
      ) : (
        <ul className="grid grid-cols-2 gap-x-6 gap-y-2 px-4 py-3.5 font-mono text-sm">
          {token.map((one) => (
            <li key={one} className="select-all">
              {one}
            </li>
          ))}
        </ul>
      )}
      <div className="border-t border-line bg-sunken p-2">
        <Button
          wide
          look={copied ? "secondary" : "primary"}
          onPress={() => void copyAndTell(name, async () => text).then(() => setCopied(true))}
        >
          {copied ? <Check size={15} aria-hidden /> : <Copy size={14} aria-hidden />}
          {copied ? m.copied : m.copy}
        </Button>
      </div>
    </section>
  );
}

interface DialogProps extends Omit<Props, "token"> {
  title: string;
  lead: string;
  /** null: there is none to show, and `children` say why. */
  token: Props["token"] | null;
  onClose: () => void;
  /** The button that ends it. */
  done?: string;
  /** Another button beside it. */
  more?: ReactNode;
  children?: ReactNode;
}

/** A token in a dialog that only its button closes: what is shown once should not go by a slip. */
export function ShownOnceDialog({
  title,
  lead,
  token,
  onClose,
  done = m.done,
  more,
  children,
  ...once
}: DialogProps) {
  return (
    <Dialog title={title} lead={lead} isOpen onClose={onClose} dismissable={false}>
      {token === null ? null : <ShownOnce token={token} {...once} />}
      {children}
      <DialogActions>
        <Button onPress={onClose}>{done}</Button>
        {more}
      </DialogActions>
    </Dialog>
  );
}
