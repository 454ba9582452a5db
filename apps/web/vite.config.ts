import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { englishOnly } from "./english-only.ts";

const api = "http://localhost:4400";

export default defineConfig({
  plugins: [englishOnly(), react(), tailwindcss()],
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
    chunkSizeWarningLimit: 450,
    rolldownOptions: {
      output: {
        // What every screen needs comes as two files and not as thirty: fewer requests, and better compressed.
        codeSplitting: {
          groups: [
            {
              name: "libraries",
              test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(query-core|react-query|router-core|react-router|history|store|react-store)|@trpc\/[a-z-]+|superjson|use-sync-external-store)\//,
            },
            {
              name: "panel",
              test: /apps\/web\/src\/(data|frame|messages|place|reveal|secrets\/use-secrets|ui\/(badge|button|from-now|logo|menu-button|moment|page-header|search|state|title|toast|tooltip))|lucide-react\/dist\/esm\/icons\/(chevron-right|eye|file-pen|folder-open|key-round|plus|rotate-cw|search-x|trash)/,
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
