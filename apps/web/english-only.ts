import type { Plugin } from "vite";

const LOCALE = /\/intl\/(?:[a-z]+\/)?([a-z]{2}-[A-Z]{2})\.m?js$/;

/**
 * React Aria carries its few words in 34 languages. The panel speaks one so far (src/messages.ts), so the others are
 * left out of the bundle: tens of kilobytes that nobody would read.
 */
export function englishOnly(): Plugin {
  return {
    name: "keyfold:english-only",
    enforce: "pre",
    load(id) {
      const locale = LOCALE.exec(id)?.[1];
      return locale !== undefined && locale !== "en-US" ? "export default {};" : null;
    },
  };
}
