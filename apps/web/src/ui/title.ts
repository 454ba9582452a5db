import { useEffect } from "react";
import { m } from "../messages.ts";

/** Names the page in the browser's tab: names of things, never a value. */
export function useTitle(...parts: readonly string[]): void {
  const title = m.title(...parts);
  useEffect(() => {
    document.title = title;
  }, [title]);
}
