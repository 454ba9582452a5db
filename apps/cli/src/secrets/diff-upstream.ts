import { calling, clientOf } from "../place/client.ts";
import { pages } from "../place/pages.ts";
import { findPlace } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import type { DiffOptions } from "./diff.ts";

const SAID = {
  different: "~ {}  (differs)",
  absent: "- {}  (only here)",
  unanswered: "? {}  (the upstream did not answer)",
} as const;

/**
 * What has diverged from the upstream that the server names for this place: what would be lost by going back to it. The
 * server compares; no value comes here. Ends with 0 where nothing has diverged.
 */
export async function diffUpstream(terminal: Terminal, options: DiffOptions): Promise<number> {
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const found: { name: string; version: number; state: keyof typeof SAID }[] = [];
  let same = 0;
  let upstream = "";
  await calling(place, async () => {
    for await (const page of pages((from) => trpc.secrets.compare.query({ ...place.at, ...from }))) {
      upstream = page.upstream;
      for (const { name, version, state } of page.secrets)
        if (state === "same") same++;
        else found.push({ name, version, state });
    }
  });
  const diverged = found.filter(({ state }) => state !== "unanswered").length;
  if (options.json) terminal.out(`${JSON.stringify({ upstream, same, diverged: found })}\n`);
  else {
    for (const { name, state } of found) terminal.out(`${SAID[state].replace("{}", () => name)}\n`);
    const unanswered = found.length - diverged;
    terminal.out(
      `${same} the same as in ${upstream}, ${diverged} diverged${unanswered === 0 ? "" : `, ${unanswered} not answered: try again`}.\n`,
    );
  }
  return found.length === 0 ? EXIT.done : EXIT.failed;
}
