import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { TENANT_PAGES } from "./tenant-pages.ts";

const load = () => import("../palette/palette.tsx");
const Palette = lazy(async () => ({ default: (await load()).Palette }));
const HelpSheet = lazy(async () => ({ default: (await import("../palette/help-sheet.tsx")).HelpSheet }));

/** Milliseconds in which the second key of two follows the first. */
const TOGETHER = 1_200;
const OPEN = "keyfold:palette";

/** Opens the palette from anywhere; as a switcher it offers places only. */
export const openPalette = (only: "places" | null): void =>
  void dispatchEvent(new CustomEvent(OPEN, { detail: only }));

/** The keys that work everywhere, and what they open. Its code comes when it is first asked for. */
export function Shortcuts() {
  const navigate = useNavigate();
  const { tenant } = useParams({ strict: false });
  const [open, setOpen] = useState<{ what: "palette"; only: "places" | null } | { what: "help" } | null>(
    null,
  );
  const first = useRef(0);
  const close = useCallback(() => setOpen(null), []);
  const help = useCallback(() => setOpen({ what: "help" }), []);

  useEffect(() => {
    const onOpen = (event: Event) =>
      setOpen({ what: "palette", only: (event as CustomEvent<"places" | null>).detail });
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        // Not over a form: what was typed there would be lost when the palette leads away.
        if (document.querySelector("[role=dialog] form, [role=alertdialog]") === null)
          setOpen({ what: "palette", only: null });
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (
        target.closest(
          "input, textarea, select, [role=dialog], [role=alertdialog], [role=menu], [role=listbox]",
        )
      )
        return;
      if (event.key === "?") {
        event.preventDefault();
        return setOpen({ what: "help" });
      }
      const soon = performance.now() - first.current < TOGETHER;
      first.current = event.key === "g" ? performance.now() : 0;
      const page = soon ? TENANT_PAGES.find(({ key }) => key === event.key) : undefined;
      if (page === undefined || tenant === undefined) return;
      event.preventDefault();
      void navigate({ to: page.to, params: { tenant } });
    };
    addEventListener(OPEN, onOpen);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener(OPEN, onOpen);
      removeEventListener("keydown", onKey);
    };
  }, [navigate, tenant]);

  if (open === null) return null;
  return (
    <Suspense>
      {open.what === "help" ? (
        <HelpSheet onClose={close} />
      ) : (
        <Palette only={open.only} onClose={close} onHelp={help} />
      )}
    </Suspense>
  );
}
