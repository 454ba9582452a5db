import { randomUUID } from "node:crypto";
import { onePlace, readAll, whichSecrets } from "../inject/read-all.ts";
import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { sent } from "./value.ts";

export interface PromoteOptions extends PlaceOptions {
  only?: readonly string[];
  reason?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** Most items in one call. */
const AT_ONCE = 500;

/** Sets this environment's values in another one: what is the same already stays as it is. */
export async function promote(terminal: Terminal, to: string, options: PromoteOptions): Promise<number> {
  const place = await onePlace(await findPlace(terminal, options));
  if (to === place.at.environment)
    throw new CommandError(EXIT.usage, "Both environments are the same. Name the one to read with --env.");
  const secrets = await whichSecrets(place, options);
  if (secrets.length === 0) throw new CommandError(EXIT.failed, "There is nothing here to promote.");
  const target = { ...place, at: { ...place.at, environment: to } };
  const there = new Set((await whichSecrets(target, {})).map(({ name }) => name));
  if (options.dryRun && options.json) {
    const would = secrets.map(({ name }) => ({ name, there: there.has(name) }));
    terminal.out(`${JSON.stringify({ to, dryRun: true, secrets: would })}\n`);
    return EXIT.done;
  }
  if (options.dryRun) {
    for (const { name } of secrets) terminal.out(`${there.has(name) ? "~" : "+"} ${name}\n`);
    terminal.err(`Nothing was changed. Of ${secrets.length}, those with ~ are in ${to} already.\n`);
    return EXIT.done;
  }
  const read = await readAll(
    place,
    secrets.map(({ name }) => name),
  );
  const { trpc } = clientOf(target);
  let changed = 0;
  for (let at = 0; at < read.length; at += AT_ONCE) {
    const { results } = await calling(target, () =>
      trpc.secrets.setMany.mutate({
        ...target.at,
        items: read.slice(at, at + AT_ONCE).map(({ name, value }) => ({ name, ...sent(value) })),
        reason: options.reason ?? `promoted from ${options.env ?? "its own environment"}`,
        idempotencyKey: randomUUID(),
      }),
    );
    changed += results.filter((result) => result.changed).length;
  }
  if (options.json) {
    terminal.out(`${JSON.stringify({ to, dryRun: false, read: read.length, changed })}\n`);
    return EXIT.done;
  }
  terminal.out(
    `Promoted ${changed} of ${read.length} secrets to ${to}; the others had the same value there.\n`,
  );
  return EXIT.done;
}
