import { createKeyfold, isKeyfoldError, type KeptStore } from "@keyfold/client";

/** What the client does on any runtime: reads, writes, refusals, and a start while the server is away. */
export async function smoke({
  url,
  token,
}: {
  url: string;
  token: string;
}): Promise<Record<string, unknown>> {
  const copies = new Map<string, Uint8Array>();
  const store: KeptStore = {
    read: async (id) => copies.get(id) ?? null,
    write: async (id, bytes) => void copies.set(id, bytes),
    erase: async (id) => void (id === null ? copies.clear() : copies.delete(id)),
  };
  let away = false;
  const start = () =>
    createKeyfold({
      url,
      token,
      retries: 0,
      lastKnownGood: { store, key: new Uint8Array(32).fill(7), host: "smoke", secrets: ["TEXT"] },
      fetch: (address, init) => (away ? Promise.reject(new TypeError("away")) : fetch(address, init)),
    });
  const keyfold = start();
  const acme = keyfold.tenant();
  await acme.setMany({ TEXT: "späte Grüße 🔑, not real", BYTES: Uint8Array.of(0, 255, 128) });
  const text = await acme.get("TEXT");
  const bytes = [...(await acme.getBytes("BYTES"))];
  const missing = await acme.get("NONE").catch((error: unknown) => isKeyfoldError(error, "not_found"));
  await keyfold.settled();
  away = true;
  const kept = await start().tenant().get("TEXT");
  return { text, bytes, missing, kept };
}
