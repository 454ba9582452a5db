import { CommandError, EXIT } from "./terminal.ts";

/** A server's REST, called with a token. */
export interface Connection {
  /** @throws CommandError with the server's own sentence */
  call<T>(method: "GET" | "POST", path: string, body?: object): Promise<T>;
}

interface Problem {
  detail?: string;
  title?: string;
  correlation_id?: string;
}

/** @throws CommandError where KEYFOLD_URL or KEYFOLD_TOKEN are missing or wrong */
export function connection(env: Readonly<Record<string, string | undefined>>): Connection {
  const { KEYFOLD_URL: url, KEYFOLD_TOKEN: token } = env;
  if (!url) throw new CommandError(EXIT.usage, "Set KEYFOLD_URL to where the server is.");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CommandError(EXIT.usage, "KEYFOLD_URL is no address such as https://secrets.example.com.");
  if (!token) throw new CommandError(EXIT.usage, "Set KEYFOLD_TOKEN to an operator's token.");
  const base = url.replace(/\/+$/, "");
  return {
    async call<T>(method: string, path: string, body?: object): Promise<T> {
      const answer = await fetch(`${base}/api${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          "user-agent": "keyfold-cli",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: AbortSignal.timeout(60_000),
      }).catch(() => {
        throw new CommandError(EXIT.unreachable, `The server at ${base} does not answer.`);
      });
      const json = (await answer.json().catch(() => null)) as (T & Problem) | null;
      if (answer.ok && json !== null) return json;
      if (json === null)
        throw new CommandError(EXIT.unreachable, `What answers at ${base} is no Keyfold server.`);
      throw new CommandError(
        answer.status >= 500 && answer.status !== 500 ? EXIT.unreachable : EXIT.failed,
        `${json.detail ?? json.title ?? `The server answered ${answer.status}.`}${answer.status >= 500 ? ` (${json.correlation_id})` : ""}`,
      );
    },
  };
}
