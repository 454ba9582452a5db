import { Check, CircleAlert, X } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { type Failure, toFailure } from "../data/failure.ts";
import { m } from "../messages.ts";
import { Button, IconButton } from "./button.tsx";
import { AskForApproval } from "./state.tsx";

interface Note {
  id: number;
  text: string;
  detail?: string;
  failure?: Failure;
  failed?: boolean;
  action?: { label: string; run: () => void };
}

let notes: readonly Note[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Note[]): void {
  notes = next;
  for (const listener of listeners) listener();
}

/** Says that something happened, at the screen's edge and to screen readers. Never a value. */
export function tell(text: string, more: Pick<Note, "detail" | "action" | "failed"> = {}): void {
  change([...notes.slice(-3), { id: nextId++, text, ...more }]);
}

/** Says that something failed. */
export function tellFailure(error: unknown): void {
  const failure = toFailure(error);
  // The sign-in page says it already.
  if (failure.code === "unauthenticated") return;
  change([...notes.slice(-3), { id: nextId++, text: failure.sentence, failure }]);
}

const dismiss = (id: number) => change(notes.filter((note) => note.id !== id));

export function Toasts() {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notes,
  );
  return (
    <section
      aria-label={m.frame.notifications}
      data-react-aria-top-layer="true"
      className="pointer-events-none fixed inset-x-0 top-0 z-50 p-4 sm:top-auto sm:bottom-0"
    >
      {/* Always there, so that what is put into it is read out. */}
      <ol aria-live="polite" className="mx-auto flex max-w-sm flex-col gap-2 sm:mr-0">
        {all.map((note) => (
          <Toast key={note.id} note={note} />
        ))}
      </ol>
    </section>
  );
}

function Toast({ note }: { note: Note }) {
  const [held, setHeld] = useState(false);
  // What can be acted on stays longer, and a failure until it was read.
  const stay = note.failure ? null : note.action ? 12_000 : 6_000;
  useEffect(() => {
    if (held || stay === null) return;
    const timer = setTimeout(() => dismiss(note.id), stay);
    return () => clearTimeout(timer);
  }, [held, stay, note.id]);
  return (
    <li
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex items-start gap-3 rounded-xl border border-line bg-surface py-2.5 pr-2 pl-3.5 text-sm shadow-float animate-appear"
    >
      {note.failure || note.failed ? (
        <CircleAlert size={16} aria-hidden className="mt-1.5 shrink-0 text-danger-text" />
      ) : (
        <Check size={16} aria-hidden className="mt-1.5 shrink-0 text-accent-text" />
      )}
      <div className="min-w-0 flex-1 py-1.5 leading-5">
        <p className="font-medium">{note.text}</p>
        {note.detail === undefined ? null : <p className="text-muted">{note.detail}</p>}
        {note.failure?.code === "approval_required" ? <AskForApproval /> : null}
        {note.failure?.correlationId ? (
          <p className="text-xs text-muted">
            {m.failure.correlation} <code>{note.failure.correlationId}</code>
          </p>
        ) : null}
      </div>
      {note.action === undefined ? null : (
        <Button
          size="sm"
          onPress={() => {
            note.action?.run();
            dismiss(note.id);
          }}
        >
          {note.action.label}
        </Button>
      )}
      <IconButton aria-label={m.close} onPress={() => dismiss(note.id)}>
        <X size={14} aria-hidden />
      </IconButton>
    </li>
  );
}
