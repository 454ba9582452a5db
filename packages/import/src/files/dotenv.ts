import { SecretValue } from "@keyfold/envelope/secret-value";
import { parse } from "dotenv";
import type { Source } from "../entry.ts";
import { fileSource, textOf } from "./file-source.ts";

/** A .env file, read as dotenv reads it: quotes, lines, comments. Nothing in it is expanded. */
export function dotenvSource(path: string): Source {
  return fileSource(".env file", path, function* (bytes) {
    for (const [name, value] of Object.entries(parse(textOf(bytes, path))))
      yield { from: name, name, value: SecretValue.ofText(value) };
  });
}
