import { Link, useParams } from "@tanstack/react-router";
import { CircleAlert, Lock, SearchX } from "lucide-react";
import { createContext, lazy, type ReactNode, Suspense, useContext } from "react";
import { type Failure, toFailure } from "../data/failure.ts";
import { m } from "../messages.ts";
import { Button } from "./button.tsx";

interface StateProps {
  icon: ReactNode;
  title: string;
  text?: ReactNode;
  /** Whether it is all that stands on the page. */
  alone?: boolean;
  children?: ReactNode;
}

/** What stands where a list would stand. */
export function State({ icon, title, text, alone = false, children }: StateProps) {
  const Heading = alone ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center px-4 py-16 text-center">
      <div className="mb-4 grid size-11 place-items-center rounded-xl border border-line bg-sunken text-muted">
        {icon}
      </div>
      <Heading className="text-lg font-semibold tracking-tight">{title}</Heading>
      {text === undefined ? null : <p className="mt-1 text-base text-balance text-muted">{text}</p>}
      {children === undefined ? null : (
        <div className="mt-5 flex flex-wrap justify-center gap-2">{children}</div>
      )}
    </div>
  );
}

/** Whether a person is signed in or a token: they come by rights in different ways. */
export const SignedInAs = createContext<"person" | "token">("token");

/** A failed call where its answer would stand: our sentence, a way to try again, and the id that finds it in the log. */
export function FailureState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const who = useContext(SignedInAs);
  const failure = toFailure(error);
  if (failure.code === "forbidden")
    return (
      <State
        icon={<Lock size={20} aria-hidden />}
        title={m.failure.noRights[who]}
        text={m.failure.noRights[`${who}Text`]}
      />
    );
  if (failure.code === "not_found")
    return (
      <State
        icon={<SearchX size={20} aria-hidden />}
        title={m.failure.notFound}
        text={m.failure.notFoundText}
      />
    );
  return (
    <div role="alert">
      <State
        icon={<CircleAlert size={20} aria-hidden />}
        title={m.failure.title}
        text={
          <>
            {failure.sentence}
            <CorrelationId failure={failure} />
          </>
        }
      >
        {onRetry === undefined ? null : <Button onPress={onRetry}>{m.retry}</Button>}
      </State>
    </div>
  );
}

/** A failed call inside a form. */
export function FailureNote({ error, children }: { error: unknown; children?: ReactNode }) {
  if (error === null || error === undefined) return null;
  const failure = toFailure(error);
  return (
    <div
      role="alert"
      className="mt-4 flex gap-2.5 rounded-lg bg-danger-soft px-3 py-2.5 text-sm text-danger-text"
    >
      <CircleAlert size={16} aria-hidden className="mt-0.5 shrink-0" />
      <div className="min-w-0">
        <p className="font-medium">{failure.sentence}</p>
        {failure.issues.length === 0 ? null : (
          <ul className="mt-1">
            {failure.issues.map((issue) => (
              <li key={`${issue.path} ${issue.message}`}>
                {issue.path === "" ? null : <span className="font-mono">{issue.path}</span>} {issue.message}
              </li>
            ))}
          </ul>
        )}
        {failure.code === "approval_required" ? <AskForApproval /> : null}
        <CorrelationId failure={failure} />
        {children}
      </div>
    </div>
  );
}

/** Below a failure's sentence: that somebody else was faster, and the way to what they made of it. */
export function Overtaken({ text, word, onPress }: { text: string; word: string; onPress: () => void }) {
  return (
    <div className="mt-2 space-y-2">
      <p>{text}</p>
      <Button size="sm" onPress={onPress}>
        {word}
      </Button>
    </div>
  );
}

/** The id of the secret that forms are about, where they are about one. */
export const AboutSecret = createContext<string | null>(null);
const GlassHelp = lazy(() => import("../approvals/glass-help.tsx"));

/** Where what takes two people is asked for, and, for owners, the way on without. */
export function AskForApproval() {
  const { tenant } = useParams({ strict: false });
  const secretId = useContext(AboutSecret);
  if (tenant === undefined) return null;
  return (
    <>
      <Link
        to="/t/$tenant/approvals"
        params={{ tenant }}
        search={{ ask: true }}
        className="mt-1.5 inline-block font-medium underline underline-offset-2"
      >
        {m.failure.askApproval}
      </Link>
      {secretId === null ? null : (
        <Suspense>
          <GlassHelp tenant={tenant} secretId={secretId} />
        </Suspense>
      )}
    </>
  );
}

function CorrelationId({ failure }: { failure: Failure }) {
  if (failure.correlationId === null) return null;
  return (
    <span className="mt-2 block text-xs opacity-90">
      {m.failure.correlation} <code className="select-all">{failure.correlationId}</code>
    </span>
  );
}

/** Rows to come, in the shape of rows. */
export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" aria-label={m.loading} className="divide-y divide-line">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex h-13 items-center gap-4 px-4 animate-wait">
          <div className="h-3 rounded bg-line" style={{ width: `${26 - (i % 3) * 6}%` }} />
          <div className="ml-auto h-3 w-24 rounded bg-line" />
          <div className="hidden h-3 w-16 rounded bg-line sm:block" />
        </div>
      ))}
    </div>
  );
}
