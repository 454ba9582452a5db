import { mergeConfig } from "vitest/config";
import tests from "./vitest.config.ts";

/** `npx -y pnpm@12 --filter @keyfold/web run bench`: figures for people to read, none of which a test asserts. */
const config = mergeConfig(tests, {});
config.test = { ...config.test, include: ["bench/*.bench.ts"], reporters: ["default"] };
delete config.test.outputFile;

export default config;
