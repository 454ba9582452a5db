import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";

const root = join(import.meta.dirname, "..");
const built = join(root, "dist/links.html");

/** The browser test runs what is shipped: the panel is built first, unless nothing changed since. */
export default async function buildPanel(): Promise<void> {
  if (existsSync(built) && newest() <= statSync(built).mtimeMs) return;
  // vitest says "test", and a bundler would take that for permission to ship React's development build.
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  try {
    await build({ root, logLevel: "warn", mode: "production" });
    const configFile = join(root, "vite.links.config.ts");
    await build({ root, configFile, logLevel: "warn", mode: "production" });
  } finally {
    process.env.NODE_ENV = before;
  }
}

function newest(): number {
  const files = ["src", "public"].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const others = [
    "index.html",
    "links.html",
    "vite.config.ts",
    "vite.links.config.ts",
    "english-only.ts",
    "first-screens.ts",
    "lean-icons.ts",
    "package.json",
  ].map((name) => join(root, name));
  return Math.max(...[...files, ...others].map((file) => statSync(file).mtimeMs));
}
