import { connection } from "../connection.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { type JobOptions, runJob } from "./job.ts";

interface Exposed {
  tenant: string;
  secret_id: string;
  name: string;
  version: number;
  state: string;
}

/** Removes an opener, and says what it could open until then. */
export function removeOpener(
  terminal: Terminal,
  opener: string,
  tenant: string | undefined,
  options: JobOptions,
): Promise<number> {
  return runJob(terminal, {
    path: "/keys/remove-opener",
    body: { opener, ...(tenant === undefined ? {} : { tenant }) },
    doing: "Removing",
    options,
    async after({ id }) {
      if (options.json) return;
      terminal.out("It could open these values until now. Rotate them where they are used:\n");
      await print(terminal, id);
      terminal.out("So it could the secrets that sign these tenants' webhooks. Rotate those, too.\n");
      terminal.out(`List them again: keyfold keys exposed ${id}\n`);
    },
  });
}

/** What a removed opener could open. */
export async function exposed(terminal: Terminal, job: string, options: { json?: boolean }): Promise<number> {
  await print(terminal, job, options.json);
  return EXIT.done;
}

async function print(terminal: Terminal, job: string, json = false): Promise<void> {
  const server = connection(terminal.env);
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `job=${encodeURIComponent(job)}&limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: { exposed: Exposed[]; next_cursor: string | null } = await server.call(
      "GET",
      `/keys/exposed?${query}`,
    );
    for (const one of page.exposed)
      terminal.out(
        json
          ? `${JSON.stringify(one)}\n`
          : `${one.tenant}  ${one.name}  version ${one.version} (${one.state})  ${one.secret_id}\n`,
      );
    cursor = page.next_cursor;
  }
}
