import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { englishOnly } from "./english-only.ts";

const api = "http://localhost:4400";

export default defineConfig({
  plugins: [englishOnly(), react(), tailwindcss()],
  build: {
    target: "es2024",
    // The content security policy knows no data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    // Source maps would publish nothing secret, and double what is served.
    sourcemap: false,
    chunkSizeWarningLimit: 400,
  },
  server: {
    port: 4401,
    proxy: { "/trpc": api, "/session": api, "/api": api },
  },
});
