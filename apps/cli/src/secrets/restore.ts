import { calling, clientOf } from "../place/client.ts";
import { findPlace, type PlaceOptions } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { tenantOf } from "./get.ts";
import { allSecrets } from "./list.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Restores a deleted secret, named by its id, or by its name where only one of that name was deleted. */
export async function restore(
  terminal: Terminal,
  which: string,
  options: PlaceOptions & { as?: string; json?: boolean },
): Promise<number> {
  const place = await findPlace(terminal, options);
  const { trpc } = clientOf(place);
  const secret = await calling(place, async () => {
    const id = UUID.test(which) ? which : await findDeleted(which);
    return trpc.secrets.restore.mutate({
      ...tenantOf(place.at),
      id,
      ...(options.as === undefined ? {} : { name: options.as }),
    });
  });
  if (options.json) terminal.out(`${JSON.stringify(secret)}\n`);
  else
    terminal.out(
      `Restored ${secret.name}${secret.version === null ? ", empty" : ` (version ${secret.version})`}.\n`,
    );
  return EXIT.done;

  async function findDeleted(name: string): Promise<string> {
    const deleted = await allSecrets(place, { prefix: name, state: "deleted" });
    const found = deleted.filter((one) => one.name === name);
    if (found.length === 1) return found[0]!.id;
    if (found.length === 0) throw new CommandError(EXIT.failed, `No deleted secret is named ${name} here.`);
    const lines = found.map(({ id, deletedAt }) => `  ${id}  deleted ${deletedAt}`);
    throw new CommandError(
      EXIT.failed,
      `${found.length} deleted secrets are named ${name}. Name one by its id:\n${lines.join("\n")}`,
    );
  }
}
