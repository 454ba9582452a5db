import { readFile } from "node:fs/promises";
import { type Start, startProgram } from "@keyfold/api/testing";
import { freePort, type TestDatabase } from "@keyfold/db/testing";
import { commandLine } from "./command-line.ts";

/** The lines of a runbook's shell blocks, block by block, as they stand there. */
export async function shellBlocks(name: string): Promise<string[][]> {
  const text = await readFile(new URL(`../../../../docs/runbooks/${name}`, import.meta.url), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!.trim().split("\n"));
}

/** A line that begins with `keyfold`, split as a shell splits it, and run. */
export const typed = (line: string, env: Record<string, string>, cwd?: string) =>
  commandLine(
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!).slice(1),
    cwd === undefined ? { env } : { env, cwd },
  );

/** The real program in production mode, which a runbook stops and starts with other settings. */
export class Program {
  readonly #folder: string;
  readonly #database: Record<string, string>;
  #running: Start | undefined;
  url = "";

  /** @param database that it runs on; one of its own, in the folder, where a runbook is about that, too */
  constructor(folder: string, database?: Pick<TestDatabase, "url">) {
    this.#folder = folder;
    this.#database =
      database === undefined ? { KEYFOLD_EMBEDDED_DATABASE: "1" } : { DATABASE_URL: database.url };
  }

  /** Ends the one that runs, and starts another. @throws Error with what it printed, where it ends instead of serving */
  async restart(settings: Record<string, string>): Promise<void> {
    await this.stop();
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.#running = startProgram(this.#folder, {
      KEYFOLD_MODE: "production",
      ...this.#database,
      KEYFOLD_LOG_LEVEL: "silent",
      KEYFOLD_PORT: port,
      ...settings,
    });
    await this.#running.ready();
  }

  async stop(): Promise<void> {
    this.#running?.process.kill("SIGTERM");
    await this.#running?.ended;
    this.#running = undefined;
  }

  /** A call of its REST API; answers the status beside the body's fields. */
  async call<Body = Record<string, string>>(method: string, path: string, bearer: string, body?: object) {
    const answer = await fetch(`${this.url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...((await answer.json()) as Body), status: answer.status };
  }

  /** A tenant `acme` with the secret `K`; answers the token that may do everything there, and the tenant's id. */
  async furnish(operator: string): Promise<{ id: string; token: string }> {
    const { id } = await this.call<{ id: string }>("POST", "/tenants", operator, { slug: "acme" });
    const first = { tenant: "acme", name: "t", preset: "admin" };
    const { token } = await this.call<{ token: string }>("POST", "/tokens", operator, first);
    await this.call("PUT", "/secrets", token, { name: "K", value: "not a real value" });
    return { id, token };
  }
}
