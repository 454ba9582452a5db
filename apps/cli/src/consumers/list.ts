import { calling, clientOf } from "../place/client.ts";
import { pages } from "../place/pages.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { printable, table } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";

interface ListOptions extends PlaceOptions {
  state?: "never_seen" | "gone" | "behind" | "current";
  json?: boolean;
}

/** Who reads a secret, when last, which version, and who has not moved. */
export async function listConsumers(terminal: Terminal, name: string, options: ListOptions): Promise<number> {
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const asked = { ...place.at, name, ...(options.state === undefined ? {} : { state: options.state }) };
  const all = await calling(place, async () => {
    const found = [];
    for await (const page of pages((from) => trpc.secrets.blastRadius.query({ ...asked, ...from })))
      found.push(page);
    return found;
  });
  const { total, current, behind, gone, neverSeen, version, uses } = all[0]!;
  const consumers = all.flatMap((page) => page.consumers);
  if (options.json) {
    terminal.out(
      `${JSON.stringify({ version, total, current, behind, gone, neverSeen, uses, consumers })}\n`,
    );
    return EXIT.done;
  }
  if (consumers.length > 0)
    terminal.out(
      table(
        ["CONSUMER", "KIND", "STATE", "USES", "LAST READ"],
        consumers.map((consumer) => [
          consumer.name,
          consumer.kind,
          consumer.state.replace("_", " "),
          consumer.uses.map((use) => `v${use.version} ×${use.instances}`).join(", "),
          consumer.lastReadAt === null ? "" : consumer.lastReadAt.slice(0, 16).replace("T", " "),
        ]),
      ),
    );
  const now = version === null ? "it has no current version" : `version ${version} is current`;
  terminal.out(
    `${printable(name)}: ${now}; ${total} consumers, ${current} use it, ${behind} are behind, ${gone} gone, ${neverSeen} never seen.\n`,
  );
  return EXIT.done;
}
