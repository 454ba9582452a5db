import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { printable } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Tells that a consumer reads a secret: it counts from now on, and is missed where it does not move. */
export async function declare(
  terminal: Terminal,
  name: string,
  consumer: string,
  options: PlaceOptions & { kind: "edge_function" | "worker" | "webhook" | "service" | "ci" | "other" },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const { kind } = options;
  await calling(place, () =>
    clientOf(place).trpc.consumers.declare.mutate({ ...place.at, name, consumer, kind }),
  );
  terminal.out(`${printable(consumer)} is a consumer of ${printable(name)}.\n`);
  return EXIT.done;
}

/** Tells that it does not any more. A consumer that still reads comes back by itself. */
export async function remove(
  terminal: Terminal,
  name: string,
  consumer: string,
  options: PlaceOptions & { reason?: string },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  await calling(place, () =>
    clientOf(place).trpc.consumers.remove.mutate({ ...place.at, name, consumer, ...reason }),
  );
  terminal.out(`${printable(consumer)} is no consumer of ${printable(name)} any more.\n`);
  return EXIT.done;
}
