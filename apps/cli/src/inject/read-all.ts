import type { SecretValue } from "@keyfold/envelope/secret-value";
import { calling, clientOf } from "../place/client.ts";
import type { Place } from "../place/place.ts";
import { allSecrets } from "../secrets/list.ts";
import { answered } from "../secrets/value.ts";
import { CommandError, EXIT } from "../terminal.ts";

/** Most names in one call. */
const AT_ONCE = 500;

export interface Which {
  /** Only names in this folder; the folder is no part of the variable's name. */
  path?: string;
  /** Only these names. */
  only?: readonly string[];
}

/** A secret that was read: its bytes are in this process's memory from here on. */
export interface Read {
  name: string;
  version: number;
  value: SecretValue;
}

/**
 * The one project and environment that a command about many secrets is for: the ones that reads by name take where a
 * call names none.
 */
export async function onePlace(place: Place): Promise<Place> {
  const { project, environment } = place.at;
  if (project !== undefined && environment !== undefined) return place;
  const me = await calling(place, () => clientOf(place).trpc.identity.get.query());
  const only = (ids: readonly string[] | null) => (ids?.length === 1 ? ids[0] : undefined);
  return {
    ...place,
    at: {
      ...place.at,
      project: project ?? only(me.projects) ?? "default",
      environment: environment ?? only(me.environments) ?? "dev",
    },
  };
}

/** Which secrets are meant, by metadata alone: also what changes when one of them does. */
export async function whichSecrets(
  place: Place,
  { path, only }: Which,
): Promise<{ name: string; version: number }[]> {
  const prefix = path === undefined ? undefined : folderOf(path);
  const all = await allSecrets(place, { ...(prefix === undefined ? {} : { prefix }), state: "live" });
  if (only === undefined) return all.map(({ name, version }) => ({ name, version: version! }));
  const wanted = new Set(only.map((name) => (prefix ?? "") + name));
  const found = all.filter(({ name }) => wanted.has(name));
  const missing = [...wanted].filter((name) => !found.some((one) => one.name === name));
  if (missing.length > 0)
    throw new CommandError(
      EXIT.failed,
      `There is no secret named ${missing.join(" or ")} here that this token may see.`,
    );
  return found.map(({ name, version }) => ({ name, version: version! }));
}

/** Reads their values, hundreds in a call, all or nothing. */
export function readAll(place: Place, names: readonly string[]): Promise<Read[]> {
  const { trpc } = clientOf(place);
  return calling(place, async () => {
    const read: Read[] = [];
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const { secrets } = await trpc.secrets.revealMany.query({
        ...place.at,
        names: names.slice(at, at + AT_ONCE),
      });
      for (const one of secrets) read.push({ name: one.name, version: one.version, value: answered(one) });
    }
    return read;
  });
}

/** A folder's name as names in it begin. */
export const folderOf = (path: string): string => `${path.replace(/^\/+|\/+$/g, "")}/`;
