import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { printable } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Tells that the token's consumer uses a version now: for programs that the typed client does not do it for. */
export async function ack(
  terminal: Terminal,
  name: string,
  options: PlaceOptions & { version: number; instance?: string; lease?: number },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const { version, instance, lease } = options;
  const said = await calling(place, () =>
    clientOf(place).trpc.consumers.ack.mutate({
      ...place.at,
      name,
      version,
      ...(instance === undefined ? {} : { instance }),
      ...(lease === undefined ? {} : { leaseSeconds: lease }),
    }),
  );
  terminal.out(`${printable(said.consumer)} uses version ${version} of ${printable(name)}.\n`);
  if (said.currentVersion !== null && said.currentVersion !== version)
    terminal.err(`Version ${said.currentVersion} is current: take it, and say so.\n`);
  return EXIT.done;
}
