import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { englishOnly } from "./english-only.ts";
import { firstScreens } from "./first-screens.ts";
import { leanIcons } from "./lean-icons.ts";

const api = "http://localhost:4400";

export default defineConfig({
  plugins: [englishOnly(), leanIcons(), react(), tailwindcss(), firstScreens()],
  resolve: {
    // The verifier of the audit log is the very one that the command line has; only what it hashes and verifies with differs.
    alias: { "node:crypto": new URL("./src/audit/verify/crypto.ts", import.meta.url).pathname },
  },
  build: {
    target: "es2024",
    // The content security policy knows no data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    // Source maps would publish nothing secret, and double what is served.
    sourcemap: false,
    // Every browser that knows es2024 knows modulepreload.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 450,
    rolldownOptions: {
      // Reading a property does nothing in what is bundled here, nor does loading a module of tRPC's: what nobody uses goes.
      treeshake: {
        propertyReadSideEffects: false,
        moduleSideEffects: (id: string) => !/node_modules\/@trpc\//.test(id),
      },
      output: {
        // What every screen needs comes as two files and not as thirty: fewer requests, and better compressed. What those
        // need besides who are signed in is a third.
        codeSplitting: {
          groups: [
            {
              name: "libraries",
              test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(query-core|react-query|router-core|react-router|history|store|react-store)|use-sync-external-store)\//,
            },
            {
              name: "base",
              test: /apps\/web\/src\/(data\/(failure|people|queries|session)|frame\/(crash|theme\.ts)|locale|messages|ui\/(button|logo|state|title|use-action)\.|sign-in\/safe-path)/,
            },
            {
              name: "sign-in",
              test: /apps\/web\/src\/sign-in\/(code-field|email-field|messages|passkey-button|password-form|shell|sign-in-page|sign-on-form|token-form)|icons\/fingerprint-pattern/,
            },
            {
              name: "panel",
              test: /apps\/web\/src\/(data|frame\/(?!no-rights)|place\/(?!first-place|go-to-secret|leading)|reveal|secrets\/use-secrets|ui\/(badge|from-now|menu-button|moment|page-header|search|toast|tooltip))|node_modules\/@trpc\/[a-z-]+\/|lucide-react\/dist\/esm\/icons\/(chevron-right|ellipsis|eye|file-pen|folder-open|key-round|plus|rotate-cw|search-x|shield-check|trash)/,
            },
          ],
        },
      },
    },
  },
  server: {
    port: 4401,
    proxy: { "/trpc": api, "/session": api, "/api": api },
  },
});
