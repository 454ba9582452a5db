import type { ReactNode } from "react";
import { CARD } from "./page-header.tsx";

/** A part of a page: what it is, what it is for, and what can be done. */
export function Section({
  title,
  text,
  actions,
  children,
}: {
  title: string;
  text: string;
  actions?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <section aria-label={title}>
      <div className="mb-3 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h2 className="text-lg font-semibold tracking-tight">{title}</h2>
          <p className="mt-0.5 max-w-2xl text-sm text-muted">{text}</p>
        </div>
        {actions}
      </div>
      {children === undefined ? null : <div className={CARD}>{children}</div>}
    </section>
  );
}
