import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Makes an older version's value current again, as a new version. */
export async function rollBack(
  terminal: Terminal,
  name: string,
  to: number,
  options: PlaceOptions & { reason?: string; json?: boolean },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const { secret } = await calling(place, () =>
    clientOf(place).trpc.secrets.rollBack.mutate({
      ...place.at,
      name,
      to,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    }),
  );
  if (options.json) terminal.out(`${JSON.stringify({ name: secret.name, version: secret.version, to })}\n`);
  else terminal.out(`${name} has the value of version ${to} again, as version ${secret.version}.\n`);
  return EXIT.done;
}
