import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Deletes a secret: at once refused to readers, its name free, and for a while still to be restored. */
export async function deleteSecret(
  terminal: Terminal,
  name: string,
  options: PlaceOptions & { reason?: string; force?: boolean; json?: boolean },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const secret = await calling(place, () =>
    clientOf(place).trpc.secrets.delete.mutate({
      ...place.at,
      name,
      ...(options.force ? { force: true } : {}),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    }),
  );
  if (options.json) terminal.out(`${JSON.stringify(secret)}\n`);
  else
    terminal.out(
      `Deleted ${name}. Until ${secret.purgeAfter?.slice(0, 10) ?? "it is purged"} it can be restored: keyfold restore ${secret.id}\n`,
    );
  return EXIT.done;
}
