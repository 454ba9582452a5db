import { Compass, TriangleAlert } from "lucide-react";
import { toFailure } from "../data/failure.ts";
import { m } from "../messages.ts";

const LINK =
  "inline-flex h-9 items-center rounded-lg border border-line bg-surface px-3.5 text-sm font-medium shadow-lift hover:bg-hover";

/** A screen that threw, or could not begin. In plain elements: it must not need what may be broken. */
export function Crash({ error }: { error: unknown }) {
  const failure = toFailure(error);
  const ours =
    failure.code !== "unreachable" || error instanceof TypeError || named(error, "TRPCClientError");
  return (
    <main>
      <div
        role="alert"
        className="mx-auto flex min-h-[60dvh] max-w-sm flex-col items-center justify-center px-4 text-center"
      >
        <TriangleAlert size={24} aria-hidden className="mb-4 text-muted" />
        <h1 className="text-lg font-semibold tracking-tight">{ours ? m.failure.title : m.failure.crash}</h1>
        <p className="mt-1 text-muted">{ours ? failure.sentence : m.failure.crashText}</p>
        {failure.correlationId === null ? null : (
          <p className="mt-2 text-xs text-muted">
            {m.failure.correlation} <code className="select-all">{failure.correlationId}</code>
          </p>
        )}
        <button type="button" className={`${LINK} mt-5`} onClick={() => location.reload()}>
          {ours ? m.retry : m.failure.reload}
        </button>
      </div>
    </main>
  );
}

const named = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

export function NoSuchPage() {
  return (
    <main className="mx-auto flex min-h-[60dvh] max-w-sm flex-col items-center justify-center px-4 text-center">
      <Compass size={24} aria-hidden className="mb-4 text-muted" />
      <h1 className="text-lg font-semibold tracking-tight">{m.failure.notFound}</h1>
      <p className="mt-1 text-muted">{m.failure.notFoundText}</p>
      <a href="/" className={`${LINK} mt-5`}>
        {m.failure.home}
      </a>
    </main>
  );
}
