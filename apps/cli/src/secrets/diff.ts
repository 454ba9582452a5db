import { createHmac, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { parseDotenv } from "../formats/dotenv.ts";
import { onePlace, readAll, whichSecrets } from "../inject/read-all.ts";
import { variableName } from "../inject/variables.ts";
import { findPlace, type Place, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

export interface DiffOptions extends PlaceOptions {
  json?: boolean;
  /** Compare with the upstream that the server names for this place. */
  upstream?: boolean;
  /** Compare these two versions of the secret that is named. */
  versions?: readonly [number, number];
}

/** How two sides differ, name by name. */
export interface Difference {
  onlyLeft: string[];
  onlyRight: string[];
  differ: string[];
  same: number;
}

/**
 * Compares this place with another environment, or with a .env file. Values are compared and not shown.
 * Ends with 0 where nothing differs and with 1 where something does.
 */
export async function diff(
  terminal: Terminal,
  other: string | undefined,
  options: DiffOptions,
): Promise<number> {
  if (options.versions !== undefined) {
    if (other === undefined || options.upstream)
      throw new CommandError(
        EXIT.usage,
        "Whose versions? For example: keyfold diff STRIPE_KEY --versions 1,3",
      );
    const { diffVersions } = await import("./diff-versions.ts");
    return diffVersions(terminal, other, options.versions, options);
  }
  if (options.upstream) {
    if (other !== undefined)
      throw new CommandError(EXIT.usage, "Compare with one of them: with --upstream, or with what is named.");
    const { diffUpstream } = await import("./diff-upstream.ts");
    return diffUpstream(terminal, options);
  }
  if (other === undefined)
    throw new CommandError(
      EXIT.usage,
      "Compare with what? Name an environment or a file, or give --upstream.",
    );
  const place = await onePlace(await findPlace(terminal, options));
  const key = randomBytes(32);
  const isFile = other.includes("/") || other.includes(".");
  const [left, right] = await Promise.all([
    ofPlace(place, key, isFile),
    isFile ? ofFile(other, key) : ofPlace({ ...place, at: { ...place.at, environment: other } }, key, false),
  ]);
  const found = compare(left, right);
  if (options.json) terminal.out(`${JSON.stringify(found)}\n`);
  else terminal.out(text(found, options.env ?? "here", other));
  return found.onlyLeft.length + found.onlyRight.length + found.differ.length === 0 ? EXIT.done : EXIT.failed;
}

type Digests = Map<string, string>;

/** A value's digest under a key that is gone when the command ends: enough to tell equal ones. */
const digest = (key: Buffer, value: SecretValue) =>
  createHmac("sha256", key).update(value.unsafelyBytes()).digest("hex");

async function ofPlace(place: Place, key: Buffer, asVariable: boolean): Promise<Digests> {
  const names = (await whichSecrets(place, {})).map(({ name }) => name);
  const read = await readAll(place, names);
  return new Map(read.map(({ name, value }) => [asVariable ? variableName(name) : name, digest(key, value)]));
}

async function ofFile(path: string, key: Buffer): Promise<Digests> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(EXIT.usage, `${path} cannot be read (${error.code}).`);
  });
  return new Map(
    Object.entries(parseDotenv(bytes)).map(([name, text]) => [name, digest(key, SecretValue.ofText(text))]),
  );
}

/** Which names stand on one side only, and of which the values differ. */
export function compare(left: Digests, right: Digests): Difference {
  const names = [...new Set([...left.keys(), ...right.keys()])].sort();
  const found: Difference = { onlyLeft: [], onlyRight: [], differ: [], same: 0 };
  for (const name of names) {
    if (!right.has(name)) found.onlyLeft.push(name);
    else if (!left.has(name)) found.onlyRight.push(name);
    else if (left.get(name) !== right.get(name)) found.differ.push(name);
    else found.same++;
  }
  return found;
}

function text(found: Difference, left: string, right: string): string {
  const lines = [
    ...found.differ.map((name) => `~ ${name}  (differs)`),
    ...found.onlyLeft.map((name) => `- ${name}  (only in ${left})`),
    ...found.onlyRight.map((name) => `+ ${name}  (only in ${right})`),
    `${found.same} the same, ${found.differ.length} differ, ${found.onlyLeft.length} only in ${left}, ${found.onlyRight.length} only in ${right}.`,
  ];
  return `${lines.join("\n")}\n`;
}
