// `node bench/heap.ts [IDLE SECONDS]`: what a process that has answered its callers still holds of the values that went through
// it. Reachable in the heap must be none; what is left in freed memory is counted, by where it stands.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Place, whatRemains } from "@keyfold/api/testing";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";

const idleSeconds = Number(process.argv[2] ?? 30);
const folder = await mkdtemp(join(tmpdir(), "keyfold-heap-"));
const server = await startTestServer();
try {
  const database = await createTestDatabase(server);
  const { sent, held, memory } = await whatRemains(folder, { databaseUrl: database.url, idleSeconds });
  console.log(`${sent.length} values sent, each in another way: ${sent.join(", ")}.\n`);
  console.log(`Reachable after ${idleSeconds} s without a caller, in a heap snapshot: ${held.length}`);
  for (const { text, path } of held) console.log(`  ${nameOf(text)}\n    ${path.slice(-8).join("\n    ")}`);
  table("Copies in memory as the last caller left", memory.asTheyLeft);
  table(`Copies in memory after ${idleSeconds} s without a caller`, memory.idle);
  table(`Copies in memory after a garbage collection`, memory.collected);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

function nameOf(text: string): string {
  return /kfcanary\.([a-z-]+)\./.exec(text)?.[1] ?? "?";
}

function table(title: string, places: readonly Place[]): void {
  const values = new Set(places.map(({ text }) => text)).size;
  console.log(`\n${title}: ${places.length}, of ${values} values`);
  for (const [where, all] of Map.groupBy(places, (place) => place.in)) {
    const names = [...Map.groupBy(all, ({ text }) => nameOf(text))].map(
      ([name, of]) => `${name} ${of.length}`,
    );
    console.log(`  ${where}: ${all.length} (${names.sort().join(", ")})`);
  }
}
