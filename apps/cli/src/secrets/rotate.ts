import { randomUUID } from "node:crypto";
import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { type NewValueOptions, newValue } from "./new-value.ts";
import { sent } from "./value.ts";

export interface RotateOptions extends PlaceOptions, NewValueOptions {
  /** Seconds. */
  grace?: number;
  reason?: string;
  json?: boolean;
}

/** A new version of a secret that exists; the one before opens for its grace still. */
export async function rotate(
  terminal: Terminal,
  name: string,
  argument: string | undefined,
  options: RotateOptions,
): Promise<number> {
  const place = await findPlace(terminal, options);
  const value = await newValue(terminal, name, argument, options);
  const { secret, rotatedFrom } = await calling(place, () =>
    clientOf(place).trpc.secrets.rotate.mutate({
      ...place.at,
      name,
      ...sent(value),
      ...(options.grace === undefined ? {} : { graceSeconds: options.grace }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      idempotencyKey: randomUUID(),
    }),
  );
  if (options.json)
    terminal.out(`${JSON.stringify({ name: secret.name, version: secret.version, rotatedFrom })}\n`);
  else terminal.out(`Rotated ${name} to version ${secret.version} from ${rotatedFrom ?? "none"}.\n`);
  return EXIT.done;
}
