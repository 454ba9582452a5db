import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";

/** Whose token it is, what it may, and where commands here would go. */
export async function whoami(
  terminal: Terminal,
  options: PlaceOptions & { json?: boolean },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const me = await calling(place, () => clientOf(place).trpc.identity.get.query());
  if (options.json) {
    terminal.out(`${JSON.stringify({ url: place.url, ...place.at, identity: me })}\n`);
    return EXIT.done;
  }
  const lines = [
    ["server", place.url],
    ["token", `${me.name}${me.until === null ? "" : `, until ${me.until}`}`],
    ["tenant", me.tenant?.slug ?? place.at.tenant ?? "(an operator's token: name one with --tenant)"],
    ["project", place.at.project ?? "(the token's only one, or default)"],
    ["environment", place.at.environment ?? "(the token's only one, or dev)"],
    ["may", me.actions.join(", ")],
  ];
  terminal.out(`${lines.map(([name, text]) => `${name!.padEnd(11)}  ${text}`).join("\n")}\n`);
  return EXIT.done;
}
