import { SecretValue } from "@keyfold/envelope/secret-value";
import { parse as parseYaml } from "yaml";
import { type Entry, type Source, SourceError } from "../entry.ts";
import { fileSource, textOf } from "./file-source.ts";

/** Folders deeper than this are no folders. */
const DEEPEST = 16;

/**
 * A JSON file: an object of texts, or of objects, which are folders. Numbers and booleans become their text, lists and
 * null are refused by their name.
 */
export const jsonSource = (path: string): Source =>
  fileSource("JSON file", path, (bytes) =>
    entriesOf(
      parsed(() => JSON.parse(textOf(bytes, path)), path, "JSON"),
      path,
    ),
  );

/** A YAML file of the same shape; no tags, and aliases within reason. */
export const yamlSource = (path: string): Source =>
  fileSource("YAML file", path, (bytes) =>
    entriesOf(
      parsed(() => parseYaml(textOf(bytes, path), { schema: "core", maxAliasCount: 10 }), path, "YAML"),
      path,
    ),
  );

function parsed(read: () => unknown, path: string, what: string): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof SourceError) throw error;
    // What a parser says of what it could not read may quote it.
    throw new SourceError(`${path} is not ${what}.`);
  }
}

function* entriesOf(
  json: unknown,
  path: string,
  folder = "",
  depth = 0,
): Generator<Pick<Entry, "from" | "name" | "value">> {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new SourceError(`${path} is not an object of secrets.`);
  if (depth > DEEPEST) throw new SourceError(`${path} has folders deeper than ${DEEPEST}.`);
  for (const [key, value] of Object.entries(json)) {
    const name = folder + key;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      yield { from: name, name, value: SecretValue.ofText(String(value)) };
    else if (typeof value === "object" && value !== null && !Array.isArray(value))
      yield* entriesOf(value, path, `${name}/`, depth + 1);
    else throw new SourceError(`${path}: ${name} is neither text nor a folder.`);
  }
}
