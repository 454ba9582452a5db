import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Plays Acme Mail: makes keys, shows each once, and lets in whoever has an enabled one. */
export async function startAcmeMail(adminKey: string) {
  const keys = new Map<string, { name: string; key: string; enabled: boolean }>();
  const port = { down: false, loseAnswerTo: null as string | null };

  function answer(request: IncomingMessage, body: string): [number, unknown] {
    const who = request.headers.authorization?.replace("Bearer ", "");
    const [, , id, verb] = (request.url ?? "").split("/");
    if (request.url === "/me")
      return [...keys.values()].some(({ key, enabled }) => enabled && key === who) ? [200, {}] : [401, {}];
    if (who !== adminKey) return [403, {}];
    if (id === undefined) {
      if (request.method === "GET")
        return [200, [...keys].map(([id, { name, enabled }]) => ({ id, name, enabled }))];
      const made = { name: (JSON.parse(body) as { name: string }).name, key: newKey(), enabled: false };
      const newId = randomBytes(8).toString("hex");
      keys.set(newId, made);
      return [201, { id: newId, name: made.name, key: made.key, enabled: false }];
    }
    const found = keys.get(id);
    if (found === undefined) return [404, {}];
    if (request.method === "DELETE") keys.delete(id);
    else if (verb === "enable") found.enabled = true;
    return [200, {}];
  }

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    if (port.down) return void request.socket.destroy();
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const [status, json] = answer(request, body);
    if (port.loseAnswerTo !== null && request.url?.endsWith(port.loseAnswerTo)) {
      port.loseAnswerTo = null;
      return void request.socket.destroy();
    }
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    port,
    keys,
    /** A key that works, as somebody had made it by hand. */
    byHand(): string {
      const key = newKey();
      keys.set(randomBytes(8).toString("hex"), { name: "by hand", key, enabled: true });
      return key;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const newKey = () => `acme_test_not_a_real_key_${randomBytes(8).toString("hex")}`;
