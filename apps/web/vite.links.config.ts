import { mergeConfig } from "vite";
import panel from "./vite.config.ts";

/** The links' page, built after the panel: it shares no script with it, so that a frame loads what it needs and no more. */
const config = mergeConfig(panel, {
  build: { emptyOutDir: false, rolldownOptions: { input: "links.html" } },
});
config.build.rolldownOptions.output = {};

export default config;
