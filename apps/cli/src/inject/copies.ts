import { join } from "node:path";
import { createKeyfold, type KeptUse } from "@keyfold/client";
import { lastKnownGoodFiles } from "@keyfold/client/node";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { calling } from "../place/client.ts";
import type { Place } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { folderOf, onePlace, type Read, type Which, whichSecrets } from "./read-all.ts";

/**
 * Reads what `--only` names, keeps sealed copies of it on this machine, and gives those where the server does not answer.
 * @returns the place as far as it could be found out, for `--watch`
 */
export async function readWithCopies(
  terminal: Terminal,
  given: Place,
  { path, only = [] }: Which,
): Promise<{ place: Place; read: Read[] }> {
  const names = only.map((name) => (path === undefined ? "" : folderOf(path)) + name);
  const uses = new Map<string, KeptUse>();
  const lastKnownGood = await lastKnownGoodFiles({
    directory: directoryOf(terminal.env),
    secrets: names,
    onUse: (use) => uses.set(use.name, use),
    onError: (error) => terminal.err(`keyfold: ${sentenceOf(error)}\n`),
  }).catch((error: unknown) => {
    throw new CommandError(EXIT.usage, sentenceOf(error));
  });
  const keyfold = createKeyfold({ url: given.url, token: given.token, cache: false, lastKnownGood });
  // As it was given: what the server makes of what is left out, only the server knows.
  let at = keyfold.tenant(given.at.tenant);
  if (given.at.project !== undefined) at = at.project(given.at.project);
  if (given.at.environment !== undefined) at = at.environment(given.at.environment);
  const values = await calling(given, async () => {
    const read = await at.getMany(names);
    await keyfold.settled();
    return read;
  });
  for (const { name, version, at: from, useUntil } of uses.values())
    terminal.err(
      `keyfold: the server does not answer: ${name} is the copy of ${minute(from)} (version ${version}), good until ${minute(useUntil)}.\n`,
    );
  const place = uses.size > 0 ? given : await onePlace(given);
  const versions =
    uses.size > 0
      ? names.map((name) => ({ name, version: uses.get(name)!.version }))
      : await whichSecrets(place, path === undefined ? { only } : { path, only });
  return {
    place,
    read: versions.map(({ name, version }) => ({ name, version, value: SecretValue.ofText(values[name]!) })),
  };
}

function directoryOf(env: Terminal["env"]): string {
  const state =
    env.XDG_STATE_HOME || env.LOCALAPPDATA || (env.HOME ? join(env.HOME, ".local", "state") : null);
  if (state === null)
    throw new CommandError(EXIT.usage, "There is no home folder to keep copies in. Set XDG_STATE_HOME.");
  return join(state, "keyfold");
}

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;

const sentenceOf = (error: unknown): string => {
  const { name, message, code } = (error ?? {}) as { name?: string; message?: string; code?: string };
  if (name === "KeptCopyRefused" || name === "TypeError" || name === "KeyfoldClientError") return message!;
  return `Copies cannot be kept on this machine (${code ?? name ?? "unknown"}).`;
};
