import type { ReactNode } from "react";

/** What a screen is, and what it is there for. */
export function PageHeader({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children?: ReactNode;
}) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0 flex-1 basis-80">
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        {lead === undefined ? null : <p className="mt-1 max-w-2xl text-muted">{lead}</p>}
      </div>
      {children}
    </header>
  );
}

export const CARD = "overflow-hidden rounded-2xl border border-line bg-surface shadow-lift";
