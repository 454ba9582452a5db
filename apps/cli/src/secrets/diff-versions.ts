import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { printable } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { answered } from "./value.ts";

/**
 * Compares two versions of one secret, both of which must still open. Whether they are equal is said, and no value.
 * Ends with 0 where they are and with 1 where they are not.
 */
export async function diffVersions(
  terminal: Terminal,
  name: string,
  versions: readonly [number, number],
  options: PlaceOptions & { json?: boolean },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const [left, right] = await calling(place, async () => {
    const { id } = await trpc.secrets.get.query({ ...place.at, name });
    const { tenant } = place.at;
    const read = async (version: number) => {
      const place = tenant === undefined ? {} : { tenant };
      return answered(await trpc.versions.reveal.query({ ...place, id, version }));
    };
    return [await read(versions[0]), await read(versions[1])];
  });
  const same = left.equals(right);
  for (const value of [left, right]) value.wipe();
  if (options.json) terminal.out(`${JSON.stringify({ name, versions, same })}\n`);
  else
    terminal.out(
      `${same ? "=" : "~"} ${printable(name)}  (versions ${versions[0]} and ${versions[1]} ${same ? "have the same value" : "differ"})\n`,
    );
  return same ? EXIT.done : EXIT.failed;
}
