import { useCallback, useEffect, useRef, useState } from "react";
import type { Outputs } from "../data/trpc.ts";
import { tellFailure } from "../ui/toast.tsx";

export type Revealed = Outputs["secrets"]["reveal"];

/** Milliseconds after which a shown value hides by itself. */
export const SHOWN_FOR = 30_000;

export interface Reveal<T = Revealed> {
  /** The one value that is shown, or what was found in some, under the key it was asked by. */
  shown: { key: string; revealed: T } | null;
  /** The key of the value that is on its way. */
  asked: string | null;
  show: (key: string, read: (signal: AbortSignal) => Promise<T>) => void;
  hide: () => void;
}

/**
 * Empties what was shown. React keeps the state of the render before, and so whatever it refers to, until it renders again:
 * the answer's own fields are let go of, in place.
 */
function empty(shown: object): void {
  for (const key of Object.keys(shown)) Reflect.deleteProperty(shown, key);
}

/**
 * Holds one value at most, in this component's state and nowhere else: no query cache, no store. It goes after 30
 * seconds, when the window loses focus or is hidden, and with the component. An answer that comes after any of these
 * is dropped.
 */
export function useReveal<T extends object = Revealed>(): Reveal<T> {
  const [shown, setShown] = useState<Reveal<T>["shown"]>(null);
  const [asked, setAsked] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);
  const held = useRef<T | null>(null);

  const hide = useCallback(() => {
    running.current?.abort();
    running.current = null;
    if (held.current !== null) empty(held.current);
    held.current = null;
    setShown(null);
    setAsked(null);
  }, []);

  const show = useCallback<Reveal<T>["show"]>(
    (key, read) => {
      hide();
      const mine = new AbortController();
      running.current = mine;
      setAsked(key);
      read(mine.signal).then(
        (revealed) => {
          if (running.current !== mine) return;
          setAsked(null);
          held.current = revealed;
          setShown({ key, revealed });
        },
        (error) => {
          if (running.current !== mine) return;
          setAsked(null);
          tellFailure(error);
        },
      );
    },
    [hide],
  );

  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(hide, SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [shown, hide]);

  useEffect(() => {
    const hideIfHidden = () => document.hidden && hide();
    addEventListener("blur", hide);
    addEventListener("pagehide", hide);
    document.addEventListener("visibilitychange", hideIfHidden);
    return () => {
      removeEventListener("blur", hide);
      removeEventListener("pagehide", hide);
      document.removeEventListener("visibilitychange", hideIfHidden);
      hide();
    };
  }, [hide]);

  return { shown, asked, show, hide };
}
