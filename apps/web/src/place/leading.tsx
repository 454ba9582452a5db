import type { ReactNode } from "react";
import { m } from "../messages.ts";
import { CARD } from "../ui/page-header.tsx";

/** What stands while an address is looked up that leads to an environment's secrets: their page, without them. */
export function Leading({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="mb-2 flex min-h-9 items-center">
        <h1 className="text-2xl font-semibold tracking-tight">{m.secrets.title}</h1>
      </header>
      <div className="h-7" />
      <section className={`mt-6 ${CARD}`}>{children}</section>
    </>
  );
}
