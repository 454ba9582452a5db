import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";

/** Begins every canary, and nothing else that a Keyfold holds. */
export const BEGINS = "kfcanary.";
export const CANARY = /kfcanary\.[a-z-]+\.[0-9a-f]{24}/y;

export const canary = (name: string): string => `${BEGINS}${name}.${randomBytes(12).toString("hex")}`;

/** Sends a canary in every way that values take, over REST and tRPC, right and wrong, and leaves. @returns what each was */
export async function callWithCanaries(port: string, token: string): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const names: string[] = [];
  const next = (name: string) => {
    names.push(name);
    return canary(name);
  };
  const send = (method: string, path: string, body?: unknown) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const call = request({ agent, host: "127.0.0.1", port, method, path, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode!, text }));
      });
      call.on("error", reject);
      call.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  const expecting = async (status: number, ...call: Parameters<typeof send>) => {
    const answer = await send(...call);
    if (answer.status !== status) throw new Error(`${call[0]} ${call[1].split("?")[0]}: ${answer.status}`);
    return answer.text;
  };
  const trpc = (path: string) => `/trpc/${path}`;
  const query = (path: string, json: unknown) =>
    `${trpc(path)}?input=${encodeURIComponent(JSON.stringify({ json }))}`;
  try {
    const made = JSON.parse(
      await expecting(201, "POST", "/api/secrets", { name: "HEAP_REST", value: next("rest-create") }),
    );
    await expecting(200, "POST", `/api/secrets/${made.id}/rotate`, {
      value: next("rest-rotate"),
      reason: "heap",
    });
    for (let i = 0; i < 20; i++) await expecting(200, "GET", "/api/reveal?name=HEAP_REST");
    await expecting(200, "PUT", "/api/secrets/bulk", {
      items: [
        { name: "HEAP_BULK_1", value: next("rest-bulk-one") },
        { name: "HEAP_BULK_2", value: next("rest-bulk-two") },
      ],
    });
    await expecting(200, "POST", trpc("secrets.set"), {
      json: { name: "HEAP_TRPC", value: next("trpc-set") },
    });
    await expecting(200, "POST", trpc("secrets.rotate"), {
      json: { name: "HEAP_TRPC", value: next("trpc-rotate"), reason: "heap" },
    });
    for (let i = 0; i < 5; i++) await expecting(200, "GET", query("secrets.reveal", { name: "HEAP_TRPC" }));
    await expecting(200, "GET", query("secrets.revealMany", { names: ["HEAP_BULK_1", "HEAP_BULK_2"] }));
    // Refused, each at another place.
    await expecting(409, "POST", `/api/secrets/${made.id}/rotate`, {
      value: next("rest-refused"),
      reason: "heap",
      expected_version: 99,
    });
    await expecting(400, "POST", "/api/secrets", { name: "x".repeat(300), value: next("rest-bad-input") });
    await expecting(400, "POST", "/api/secrets", `{"name":"CUT","value":"${next("rest-cut-body")}"`);
    await expecting(404, "GET", `/api/secrets/${next("rest-in-address")}/none`);
    await expecting(409, "POST", trpc("secrets.create"), {
      json: { name: "HEAP_TRPC", value: next("trpc-refused") },
    });
    await expecting(400, "POST", trpc("secrets.set"), {
      json: { name: "HEAP_BAD", value: next("trpc-bad-input"), encoding: "no-such" },
    });
    return names;
  } finally {
    agent.destroy();
  }
}
