import { writeOpen } from "../files.ts";
import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

export interface CheckpointOptions extends PlaceOptions {
  deployment?: boolean;
  to?: string;
}

/** Reads the newest checkpoint with its proof, and the public key: both are worth something once they are kept elsewhere. */
export async function checkpoint(terminal: Terminal, options: CheckpointOptions): Promise<number> {
  const place = await findPlace(terminal, options);
  const whose = options.deployment
    ? { deployment: true }
    : place.at.tenant === undefined
      ? {}
      : { tenant: place.at.tenant };
  const {
    publicKey,
    checkpoint: made,
    head,
  } = await calling(place, () => clientOf(place).trpc.audit.checkpoint.query(whose));
  if (made === null || head === null)
    throw new CommandError(
      EXIT.failed,
      "No checkpoint covers this log yet. One is made every minute: try again.",
    );
  const proof = {
    note: made.note,
    time: made.time,
    chains: made.chains,
    heads_root: made.headsRoot,
    path: made.path,
    head: {
      chain: head.chain,
      batches: head.batches,
      events: head.events,
      hash: head.hash,
      index: head.index,
      path: head.path,
    },
  };
  const text = `${JSON.stringify(proof)}\n`;
  if (options.to === undefined) terminal.out(text);
  else await writeOpen(options.to, text);
  terminal.err(
    `It covers ${head.events} events, as of ${made.time}. The deployment's public key is\n${publicKey}\nKeep both where who runs the database cannot write.\n`,
  );
  return EXIT.done;
}
