import { expect, test } from "vitest";
import { jsonState, valueInFile } from "./read-file.ts";

test("a file of text comes in as text, to the byte; one of bytes as base64", async () => {
  const text = "-----BEGIN FAKE KEY-----\r\nnot real\n";
  expect(await valueInFile(new Blob([text]))).toEqual({ value: text, encoding: "utf8" });
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256);
  const { value, encoding } = await valueInFile(new Blob([bytes]));
  expect(encoding).toBe("base64");
  expect(Buffer.from(value, "base64").equals(Buffer.from(bytes))).toBe(true);
  // Text as far as UTF-8 goes, but no text.
  expect((await valueInFile(new Blob(["a\0b"]))).encoding).toBe("base64");
});

test("what looks like JSON is said to be JSON, or not to be", () => {
  expect([' {"a": 1}', "[1, 2", "plain", ""].map(jsonState)).toEqual(["valid", "broken", null, null]);
});
