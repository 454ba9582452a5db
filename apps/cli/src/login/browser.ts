import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { beginHandover, codeOf, type Handover } from "@keyfold/client/handover";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** How long a person may take in the browser, in milliseconds. */
export const PATIENCE_MS = 5 * 60_000;
/** How many wrong answers are listened to. */
const MOST_ANSWERS = 20;

/**
 * Has a person confirm in the panel that this terminal gets a token: both show one code. The panel sends the browser back to
 * this machine with the token sealed for this very command; where the browser is on another machine (SSH), the person pastes
 * what the panel shows.
 * @throws CommandError
 */
export async function tokenFromBrowser(
  terminal: Terminal,
  url: string,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const handover = await beginHandover();
  const { origin } = new URL(url);
  const elsewhere = Boolean(terminal.env.SSH_CONNECTION) || terminal.browse === undefined;
  const listener = elsewhere ? null : await listen(handover, origin);
  try {
    const facts = new URLSearchParams({
      key: handover.publicKey,
      host: hostname().slice(0, 64),
      ...(listener === null ? {} : { port: String(listener.port) }),
    });
    const page = `${url}/connect#${facts}`;
    terminal.err(
      `Open this page, sign in, and confirm the code ${await codeOf(handover.publicKey, origin)} there:\n  ${page}\n`,
    );
    if (listener === null) return await pasted(terminal, handover, origin);
    terminal.browse?.(page);
    return await listener.token(patienceMs);
  } finally {
    listener?.close();
  }
}

async function pasted(terminal: Terminal, handover: Handover, origin: string): Promise<string> {
  const text =
    (await terminal.input?.hidden("Then paste what the panel shows (it is not shown here): "))?.trim() ?? "";
  const token = await handover.open(text, origin);
  if (token === null)
    throw new CommandError(
      EXIT.failed,
      "That is not what the panel shows for this code. Run keyfold login again.",
    );
  return token;
}

/** A server on this machine alone, for one answer that only the panel can give. */
async function listen(handover: Handover, origin: string) {
  let answers = 0;
  let got: (token: string) => void;
  let failed: (error: CommandError) => void;
  const token = new Promise<string>((resolve, reject) => {
    [got, failed] = [resolve, reject];
  });
  token.catch(() => {}); // awaited by whoever asks for it
  const server = createServer(async (request, response) => {
    const sealed = new URL(request.url ?? "/", "http://localhost").searchParams.get("sealed");
    const opened = request.method === "GET" && sealed !== null ? await handover.open(sealed, origin) : null;
    response.writeHead(opened === null ? 400 : 200, {
      "content-type": "text/plain; charset=utf-8",
      "content-security-policy": "default-src 'none'",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      connection: "close",
    });
    response.end(
      opened === null
        ? "This is not for the command that waits here. Run keyfold login again.\n"
        : "Signed in. You can close this page and go back to the terminal.\n",
    );
    if (opened !== null) got(opened);
    else if (++answers >= MOST_ANSWERS)
      failed(
        new CommandError(EXIT.failed, "Something other than the panel answers. Run keyfold login again."),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async token(patienceMs: number): Promise<string> {
      const late = setTimeout(
        () =>
          failed(
            new CommandError(
              EXIT.failed,
              "Nobody confirmed it in the panel in time. Run keyfold login again.",
            ),
          ),
        patienceMs,
      );
      try {
        return await token;
      } finally {
        clearTimeout(late);
      }
    },
    close() {
      server.close();
    },
  };
}
