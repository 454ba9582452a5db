import type { ReactNode } from "react";
import { m } from "../messages.ts";
import { Logo } from "../ui/logo.tsx";

/** What surrounds a page for somebody who is not signed in. */
export function SignInShell({
  heading,
  lead,
  children,
}: {
  heading: string;
  lead?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-8 flex items-center gap-2.5">
          <Logo size={30} />
          <span className="text-lg font-semibold tracking-tight">{m.product}</span>
        </div>
        <h1 className="text-2xl font-semibold tracking-tight">{heading}</h1>
        {lead === undefined ? null : <p className="mt-1.5 text-muted">{lead}</p>}
        {children}
      </div>
    </main>
  );
}
