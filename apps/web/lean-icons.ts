import type { Plugin } from "vite";

const ICON = /\/lucide-react\/dist\/esm\/icons\/[a-z0-9-]+\.mjs$/;

/**
 * Each shape of a lucide icon has a random word for a key, and some icons have other names besides: what no browser needs
 * and nothing compresses. The keys become the place of each in its icon, the other names are left out.
 */
export function leanIcons(): Plugin {
  return {
    name: "keyfold:lean-icons",
    enforce: "pre",
    transform(code, id) {
      if (!ICON.test(id)) return null;
      let place = 0;
      const lean = code
        .replace(/\bkey: "[a-z0-9]+"/g, () => `key: "${place++}"`)
        .replace(/,\s*aliases: \[[^\]]*\]/, "")
        .replace(/^__iconData\.node;$/m, "");
      return { code: lean, map: null };
    },
  };
}
