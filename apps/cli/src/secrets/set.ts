import { randomUUID } from "node:crypto";
import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { type NewValueOptions, newValue } from "./new-value.ts";
import { sent } from "./value.ts";

export interface SetOptions extends PlaceOptions, NewValueOptions {
  reason?: string;
  json?: boolean;
}

/** Creates a secret, or makes a new version of it; the identical value changes nothing. */
export async function set(
  terminal: Terminal,
  name: string,
  argument: string | undefined,
  options: SetOptions,
): Promise<number> {
  const place = await findPlace(terminal, options);
  const value = await newValue(terminal, name, argument, options);
  const { secret, changed, rotatedFrom } = await calling(place, () =>
    clientOf(place).trpc.secrets.set.mutate({
      ...place.at,
      name,
      ...sent(value),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      idempotencyKey: randomUUID(),
    }),
  );
  if (options.json)
    terminal.out(`${JSON.stringify({ name: secret.name, version: secret.version, changed, rotatedFrom })}\n`);
  else if (!changed) terminal.out(`${name} has this value already (version ${secret.version}).\n`);
  else if (rotatedFrom === null) terminal.out(`Set ${name} (version ${secret.version}).\n`);
  else
    terminal.out(`Set ${name} to version ${secret.version}; version ${rotatedFrom} is no longer current.\n`);
  return EXIT.done;
}
