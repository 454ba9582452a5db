import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { unsafelyExportKey } from "./key.ts";
import { rootKeyFromCommand } from "./root-key-command.ts";

const bytes = randomBytes(32);
const text = bytes.toString("base64");

test("a root key is read from a command's output, trimmed, through the shell", async () => {
  expect(unsafelyExportKey(await rootKeyFromCommand(`echo; echo '  ${text}  '`))).toEqual(bytes);
  expect(unsafelyExportKey(await rootKeyFromCommand(`printf %s ${text} | base64 -d`))).toEqual(bytes);
});

test("a command that fails is named by its exit status, and nothing that it printed is shown", async () => {
  const failure = await rootKeyFromCommand(`echo ${text}; echo ${text} >&2; exit 3`).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: "provider_unavailable",
    message: "The root key command failed (exit status 3).",
  });
});

test("a command that does not exist fails by name", async () => {
  await expect(rootKeyFromCommand("keyfold-no-such-command")).rejects.toMatchObject({
    code: "provider_unavailable",
    message: "The root key command failed (exit status 127).",
  });
});

test("a command that is ended by a signal fails by name", async () => {
  await expect(rootKeyFromCommand("kill -9 $$")).rejects.toMatchObject({
    code: "provider_unavailable",
    message: "The root key command failed (by a signal).",
  });
});

test("a command that hangs is given up, also where something that it started holds its output open", async () => {
  await expect(
    rootKeyFromCommand("tail -f /dev/null & tail -f /dev/null", { timeoutMs: 50 }),
  ).rejects.toMatchObject({
    code: "provider_unavailable",
    message: "The root key command did not end within 0.05 seconds and was stopped.",
  });
});

test("a command that prints without end is stopped", async () => {
  await expect(rootKeyFromCommand("yes")).rejects.toMatchObject({
    code: "provider_unavailable",
    message: "The root key command printed more than a key.",
  });
});

test.each([
  ["nothing", "true", "The root key is empty."],
  ["a short key", "echo c2hvcnQ=", "The root key is too short: it must have 32 bytes."],
  ["a weak key", "printf '%064d' 0", "The root key is all zeros."],
  ["a message", "echo no such secret", "The root key is neither 64 hex digits nor base64 of 32 bytes."],
])("a command that succeeds and prints %s yields no key", async (_, command, problem) => {
  await expect(rootKeyFromCommand(command)).rejects.toMatchObject({
    code: "bad_root_key",
    message: `${problem} Make a good one with: keyfold keys generate`,
  });
});
