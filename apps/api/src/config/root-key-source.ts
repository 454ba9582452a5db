import { Sensitive } from "./sensitive.ts";

/** Where a root key comes from. */
export type RootKeySource =
  | { from: "environment"; text: Sensitive }
  | { from: "file"; path: string }
  | { from: "command"; command: Sensitive }
  /** A key service or an HSM, as docs/providers.md writes it. */
  | { from: "provider"; setting: Sensitive }
  /** A file in the data folder, made on the very first start. Development only. */
  | { from: "data-dir" };

/** Where a hybrid seed comes from: like a root key, but never from a key service, which opens and does not hand out. */
export type SeedSource = Extract<RootKeySource, { from: "environment" | "file" | "command" }>;

/** A root key that somebody named. */
export type GivenRootKey = Exclude<RootKeySource, { from: "data-dir" }>;

const WAYS = ["", "_FILE", "_COMMAND", "_PROVIDER"] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings by which a root key is given: `NAME`, `NAME_FILE`, `NAME_COMMAND`, `NAME_PROVIDER`. */
export function waysGiven(env: Environment, name: string): string[] {
  return WAYS.map((way) => name + way).filter((setting) => env[setting] !== undefined);
}

/** @param here makes a path absolute */
export function rootKeySource(
  env: Environment,
  name: string,
  here: (file: string) => string,
): GivenRootKey | null {
  const [text, file, command, setting] = WAYS.map((way) => env[name + way]);
  if (text !== undefined) return { from: "environment", text: new Sensitive(text) };
  if (file !== undefined) return { from: "file", path: here(file) };
  if (command !== undefined) return { from: "command", command: new Sensitive(command) };
  return setting === undefined ? null : { from: "provider", setting: new Sensitive(setting) };
}

/** The settings by which a hybrid seed is given: `NAME`, `NAME_FILE`, `NAME_COMMAND`. */
export function seedSource(
  env: Environment,
  name: string,
  here: (file: string) => string,
): SeedSource | null {
  const source = rootKeySource(env, name, here);
  return source?.from === "provider" ? null : source;
}
