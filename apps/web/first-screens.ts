import type { Plugin } from "vite";

/**
 * What the screen of an address is made of, besides what every screen loads. The first that fits counts. Only screens that
 * somebody's day begins with: the others come a moment later, when the router has run.
 */
const SCREENS: readonly { path: string; modules: readonly string[] }[] = [
  { path: "^/sign-in$", modules: ["sign-in/sign-in-page.tsx"] },
  { path: "^/t/[^/]+$", modules: ["frame/frame.tsx", "place/first-place.tsx"] },
  { path: "^/t/[^/]+/overview$", modules: ["frame/frame.tsx", "matrix/matrix-page.tsx"] },
  { path: "^/t/[^/]+/[^/]+/[^/]+$", modules: ["frame/frame.tsx", "secrets/secrets-page.tsx"] },
  { path: "^/(t|tenants|fleet|health|keys|account)(/|$)", modules: ["frame/frame.tsx"] },
];

interface Chunk {
  type: string;
  fileName: string;
  moduleIds?: readonly string[];
  imports?: readonly string[];
}

/** Writes into the page which files the screen of each address will import; public/start.js has the browser fetch them. */
export function firstScreens(): Plugin {
  return {
    name: "keyfold:first-screens",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle, filename }) {
        if (bundle === undefined || !filename.endsWith("/index.html")) return html;
        const chunks = (Object.values(bundle) as Chunk[]).filter(({ type }) => type === "chunk");
        const screens = SCREENS.map(({ path, modules }) => ({
          path,
          files: filesOf(modules, chunks).filter((file) => !html.includes(file)),
        }));
        const data = `<script type="application/json" id="first-screens">${JSON.stringify(screens)}</script>`;
        return html.replace(/(\s*)(<script src="\/start\.js">)/, `$1${data}$1$2`);
      },
    },
  };
}

/** The chunks that hold these modules and all that those import, as addresses. @throws Error for a module of no chunk */
function filesOf(modules: readonly string[], chunks: readonly Chunk[]): string[] {
  const files = new Set<string>();
  const add = (chunk: Chunk | undefined): void => {
    if (chunk === undefined || files.has(`/${chunk.fileName}`)) return;
    files.add(`/${chunk.fileName}`);
    for (const name of chunk.imports ?? []) add(chunks.find(({ fileName }) => fileName === name));
  };
  for (const module of modules) {
    const chunk = chunks.find(({ moduleIds }) => moduleIds?.some((id) => id.endsWith(`/src/${module}`)));
    if (chunk === undefined)
      throw new Error(`${module} is in no chunk: first-screens.ts names a module that moved`);
    add(chunk);
  }
  return [...files];
}
