import { once } from "node:events";

/** As much of a WebSocket as is used here: Node has it, its types do not declare it. */
interface Socket extends EventTarget {
  send(text: string): void;
  close(): void;
}
declare const WebSocket: new (url: string) => Socket;

/** A heap snapshot as V8 writes it: everything that is reachable, for it collects garbage first. */
export interface HeapSnapshot {
  snapshot: {
    meta: {
      node_fields: string[];
      node_types: [string[], ...unknown[]];
      edge_fields: string[];
      edge_types: [string[], ...unknown[]];
    };
  };
  nodes: number[];
  edges: number[];
  strings: string[];
}

/**
 * Takes a heap snapshot of a process through its inspector. It is kept in memory only, here and there: it holds what the
 * process holds.
 * @param url what the process printed: "Debugger listening on ws://…"
 */
export async function takeHeapSnapshot(url: string): Promise<HeapSnapshot> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  const chunks: string[] = [];
  const answers = new Map<number, () => void>();
  socket.addEventListener("message", (event) => {
    const said = JSON.parse((event as Event & { data: string }).data) as {
      id?: number;
      method?: string;
      params?: { chunk: string };
    };
    if (said.id !== undefined) answers.get(said.id)?.();
    if (said.method === "HeapProfiler.addHeapSnapshotChunk") chunks.push(said.params!.chunk);
  });
  const ask = (id: number, method: string) =>
    new Promise<void>((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method }));
    });
  await ask(1, "HeapProfiler.collectGarbage");
  await ask(2, "HeapProfiler.takeHeapSnapshot");
  socket.close();
  return JSON.parse(chunks.join("")) as HeapSnapshot;
}
