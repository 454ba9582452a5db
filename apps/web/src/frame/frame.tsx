import { Outlet, useMatches, useParams, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useIdentity, useMay } from "../data/identity.ts";
import { m } from "../messages.ts";
import { IconButton } from "../ui/button.tsx";
import { Logo } from "../ui/logo.tsx";
import { SignedInAs } from "../ui/state.tsx";
import { Toasts } from "../ui/toast.tsx";
import { TooltipLayer } from "../ui/tooltip-layer.tsx";
import { Asked } from "./asked.tsx";
import { IdleLock } from "./idle-lock.tsx";
import { Shortcuts } from "./shortcuts.tsx";
import { Sidebar } from "./sidebar.tsx";

const NoRights = lazy(async () => ({ default: (await import("./no-rights.tsx")).NoRights }));
const Drawer = lazy(async () => ({ default: (await import("../ui/dialog.tsx")).Drawer }));

/** What surrounds every screen: the sidebar, or on a phone a bar with a menu. */
export function Frame() {
  const [open, setOpen] = useState(false);
  const { tenant } = useParams({ strict: false });
  const isPerson = useIdentity().email !== null;
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg bg-ink px-3 py-2 text-sm text-canvas focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        {m.skip}
      </a>
      <aside className="sticky top-0 hidden h-dvh border-r border-line bg-sunken lg:block">
        <Sidebar />
      </aside>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-canvas px-3 lg:hidden">
        <IconButton aria-label={m.frame.menu} onPress={() => setOpen(true)}>
          <MenuIcon size={18} aria-hidden />
        </IconButton>
        <Logo size={20} />
        <span className="truncate font-semibold tracking-tight">{tenant ?? m.product}</span>
      </header>
      {open ? (
        <Suspense>
          <Drawer label={m.frame.menu} side="left" isOpen onClose={() => setOpen(false)}>
            <div className="flex-1 bg-sunken">
              <Sidebar />
            </div>
          </Drawer>
        </Suspense>
      ) : null}
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-6xl px-4 py-6 outline-none sm:px-8 lg:py-9"
      >
        <SignedInAs value={isPerson ? "person" : "token"}>
          <Screen />
        </SignedInAs>
      </main>
      {/* Beside the app and not in it: a dialog hides the whole app from screen readers, and not these. */}
      {createPortal(
        <>
          <Toasts />
          <TooltipLayer />
          <Shortcuts />
          <IdleLock />
          <Asked />
        </>,
        document.body,
      )}
    </div>
  );
}

/** The screen of the address, where one's rights reach it. */
function Screen() {
  const may = useMay();
  const isPerson = useIdentity().email !== null;
  const needs = useMatches({ select: (matches) => matches.at(-1)?.staticData.needs });
  if (needs === undefined || (needs === "person" ? isPerson : may(needs))) return <Outlet />;
  return (
    <Suspense>
      <NoRights needs={needs} />
    </Suspense>
  );
}
