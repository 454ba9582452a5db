import { Link } from "@tanstack/react-router";
import { p } from "../palette/messages.ts";

/** What a team does first, below an empty list: keep a key, make a token, read it from code. */
export function FirstSteps({ tenant, environment }: { tenant: string; environment: string }) {
  const { first } = p;
  const snippet = first.snippet(location.origin, tenant, environment);
  return (
    <section
      aria-labelledby="first-steps"
      className="mx-auto max-w-2xl border-t border-line px-5 py-6 sm:px-8"
    >
      <h2 id="first-steps" className="text-base font-semibold tracking-tight">
        {first.title}
      </h2>
      <ol className="mt-4 space-y-4">
        <Step n={1} title={first.keep} text={first.keepText} />
        <Step n={2} title={first.token} text={first.tokenText}>
          <Link
            to="/t/$tenant/tokens"
            params={{ tenant }}
            className="rounded font-medium text-accent-text hover:underline"
          >
            {first.tokenLink}
          </Link>
        </Step>
        <Step n={3} title={first.read} text={first.readText}>
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a long line is scrolled by keyboard, too.
            tabIndex={0}
            className="mt-2 overflow-x-auto rounded-lg border border-line bg-sunken px-3.5 py-3 text-xs leading-5"
          >
            {snippet}
          </pre>
        </Step>
      </ol>
    </section>
  );
}

function Step({
  n,
  title,
  text,
  children,
}: {
  n: number;
  title: string;
  text: string;
  children?: React.ReactNode;
}) {
  return (
    <li className="flex gap-3 text-sm">
      <span
        aria-hidden
        className="grid size-6 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-text"
      >
        {n}
      </span>
      <div className="min-w-0 flex-1">
        <h3 className="leading-6 font-medium">{title}</h3>
        <p className="text-muted">{text}</p>
        {children}
      </div>
    </li>
  );
}
