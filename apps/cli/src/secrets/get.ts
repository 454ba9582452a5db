import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { copyToClipboard } from "./clipboard.ts";
import { answered, type WireValue } from "./value.ts";

export interface GetOptions extends PlaceOptions {
  plain?: boolean;
  copy?: boolean;
  json?: boolean;
  version?: number;
}

/** A value: into a pipe, or onto the clipboard; onto a screen only where that is asked for. */
export async function get(terminal: Terminal, name: string, options: GetOptions): Promise<number> {
  if (terminal.outIsTerminal && !options.plain && !options.copy && !options.json)
    throw new CommandError(
      EXIT.usage,
      "The value would stand on the screen. Say so with --plain, or copy it with --copy.",
    );
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const revealed = await calling(place, async () => {
    if (options.version === undefined) return wrapped(await trpc.secrets.reveal.query({ ...place.at, name }));
    const { id } = await trpc.secrets.get.query({ ...place.at, name });
    return wrapped(await trpc.versions.reveal.query({ ...tenantOf(place.at), id, version: options.version }));
  });
  if (options.json) {
    terminal.out(`${JSON.stringify({ ...revealed, value: revealed.value.unsafelyEncoded() })}\n`);
    return EXIT.done;
  }
  const { value } = revealed;
  if (options.copy) {
    const by = await copyToClipboard(value.unsafelyBytes(), terminal.env);
    terminal.err(`Version ${revealed.version} of ${revealed.name} is on the clipboard (${by}).\n`);
    return EXIT.done;
  }
  if (value.encoding === "base64" && terminal.outBytes !== undefined)
    terminal.outBytes(value.unsafelyBytes());
  else (terminal.outAsIs ?? terminal.out)(value.unsafelyEncoded());
  // A person's prompt begins on a line of its own; a pipe gets the value and nothing else.
  if (terminal.outIsTerminal) terminal.out("\n");
  return EXIT.done;
}

const wrapped = <R extends WireValue>(revealed: R) => ({ ...revealed, value: answered(revealed) });

/** Of a place, what calls by id take. */
export const tenantOf = ({ tenant }: { tenant?: string }) => (tenant === undefined ? {} : { tenant });
