import type { VersionView } from "@keyfold/client";
import { calling, clientOf } from "../place/client.ts";
import { pages } from "../place/pages.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { table } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { tenantOf } from "./get.ts";

/** A secret's versions, newest first: who, when and why. */
export async function history(
  terminal: Terminal,
  name: string,
  options: PlaceOptions & { json?: boolean },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const versions = await calling(place, async () => {
    const { id } = await trpc.secrets.get.query({ ...place.at, name });
    const found: VersionView[] = [];
    const asked = pages((from) => trpc.versions.list.query({ ...tenantOf(place.at), id, ...from }));
    for await (const page of asked) found.push(...page.versions);
    return found;
  });
  if (options.json) terminal.out(`${JSON.stringify(versions)}\n`);
  else
    terminal.out(
      table(
        ["VERSION", "STATE", "MADE", "BY", "REASON"],
        versions.map((version) => [
          `v${version.version}`,
          version.state === "grace" && version.openUntil !== null
            ? version.opens
              ? `grace until ${version.openUntil.slice(0, 16).replace("T", " ")}`
              : "grace, ended"
            : version.state,
          version.createdAt.slice(0, 16).replace("T", " "),
          version.createdBy.name,
          version.reason ?? "",
        ]),
      ),
    );
  return EXIT.done;
}
