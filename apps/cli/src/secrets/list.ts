import type { SecretView } from "@keyfold/client";
import { calling, clientOf } from "../place/client.ts";
import { pages } from "../place/pages.ts";
import { findPlace, type Place, type PlaceOptions } from "../place/place.ts";
import { table } from "../table.ts";
import { EXIT, type Terminal } from "../terminal.ts";

export interface ListOptions extends PlaceOptions {
  path?: string;
  deleted?: boolean;
  json?: boolean;
}

/** The place's secrets: metadata only. */
export async function list(terminal: Terminal, options: ListOptions): Promise<number> {
  const place = await findPlace(terminal, options);
  const secrets = await allSecrets(place, {
    ...(options.path === undefined ? {} : { prefix: options.path }),
    ...(options.deleted ? { state: "deleted" as const } : {}),
  });
  if (options.json) {
    terminal.out(`${JSON.stringify(secrets)}\n`);
    return EXIT.done;
  }
  if (secrets.length === 0) {
    terminal.err("There are no secrets here that this token may see.\n");
    return EXIT.done;
  }
  const rows = secrets.map((secret) => [
    secret.name,
    `${secret.project.name}/${secret.environment.name}`,
    secret.version === null ? secret.state : `v${secret.version}`,
    (secret.lastRotatedAt ?? secret.updatedAt).slice(0, 10),
    secret.description,
  ]);
  terminal.out(table(["NAME", "PLACE", "VERSION", "CHANGED", "DESCRIPTION"], rows));
  return EXIT.done;
}

/** Every secret of a place, page by page. */
export function allSecrets(
  place: Place,
  filter: { prefix?: string; state?: "live" | "deleted" },
): Promise<SecretView[]> {
  const { trpc } = clientOf(place);
  return calling(place, async () => {
    const found: SecretView[] = [];
    const asked = pages((from) => trpc.secrets.list.query({ ...place.at, ...filter, limit: 500, ...from }));
    for await (const page of asked) found.push(...page.secrets);
    return found;
  });
}
