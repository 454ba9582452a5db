// `pnpm bench`: everything from one run, as a Markdown table. `--write` puts it into bench/RESULTS.md with the date;
// `--quick` shortens each shot.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { clientRows } from "./client.ts";
import { consumerRows } from "./consumers.ts";
import { envelopeRows } from "./envelope.ts";
import { httpRows } from "./http.ts";
import { hybridRows } from "./hybrid.ts";
import { importing, importingText } from "./import.ts";
import { inProcess, statementsText } from "./in-process.ts";
import { keyRows } from "./keys.ts";
import { table } from "./measure.ts";
import { memory, memoryText } from "./memory.ts";
import { reEncryption, reEncryptionText } from "./re-encrypt.ts";
import { rotationRows } from "./rotations.ts";
import { timings, timingText } from "./timing.ts";
import { webhookRows } from "./webhooks.ts";

const quick = process.argv.includes("--quick");
const envelope = [...envelopeRows(), ...(await hybridRows())];
const http = await httpRows([1, 32], quick ? 1 : 3);
const within = await inProcess(quick ? 100 : 1_000, quick ? 1 : 3);
const held = await memory(quick ? 20_000 : 100_000);
const timed = await timings(quick ? 500 : 10_000, quick ? 10 : 100);
const keys = await keyRows(quick ? 200 : 1000);
const reEncrypted = await reEncryption(quick ? 1000 : 20_000, quick ? 2 : 10);
const rotations = await rotationRows(quick ? 100 : 500, quick ? 300 : 10_000);
const consumers = await consumerRows(quick);
const webhooks = await webhookRows(quick ? 100 : 500);
const client = await clientRows(quick);
const imported = await importing(quick ? 2_000 : 100_000, quick ? 20 : 1_000);
const report = `# Results

${new Date().toISOString().slice(0, 10)}, \`npx -y pnpm@12 bench${quick ? " --quick" : ""}\`, one run on ${cpus().length} cores of ${cpus()[0]?.model ?? "an unknown processor"}, Node ${process.version}, which the load
generator, the server and PostgreSQL share. Machines differ and drift: read the ratios. Every reveal's audit event is
committed with fsync before its answer; every set's too.

## Envelope

${table(envelope)}

## Rotating the root key

${table(keys)}

## Re-encrypting

${reEncryptionText(reEncrypted)}

## Rotating secrets

${table(rotations.rows)}

${rotations.due}

## Noting who reads

The goal is that a read is at most 1.05 times as slow: a ratio of 0.95 or more.

${table(consumers)}

## Webhooks

${table(webhooks)}

## Ways in

${table(client)}

${importingText(imported)}

## Over HTTP

"Bare" is the same HTTP stack answering the same bytes with no database, no authentication and no audit. "pgcrypto" is the
same stack over a table of \`encrypt()\`ed values with one audit row a call. The goals of a reveal: REST 0.3 of bare at 32 at
once and 0.4 at 128, tRPC 0.75, p99 at most five times the bare one's. Where REST misses them, it is for two things. A reveal's own
work in Node (who calls, opening, the event and its hashes) takes longer than all of a bare route's. And a tenant's chain takes
one commit after the other: while one batch is written the next gathers, so that at 32 at once each commit serves half of them, and
costs PostgreSQL about 0.2 ms and 6 µs an event besides the disk, a third and more of it for compressing the batch.

${table(http)}

## In process

Reveals through the router's caller. The goals: 0.4 of the bare loop, over one tenant and over a thousand; statements below 0.1
for a warm reveal and 1 for a cold one; \`audit verify\` at least 0.3 of hashing the same lines. Opening, for which a warm
reveal remembers the key, is a sixth of its work in Node: the rest is the event with its hashes, tRPC's caller, the checks and
the memory of it all. Over a thousand tenants nearly every read is a batch by itself besides, a row in PostgreSQL with two
indexes, 30 µs, where one tenant's reads share theirs.

${table(within.rows)}

${statementsText(within.statements)}

## Memory and timing

${memoryText(held)} The goals: below 150 MB, and below 250 MB and flat after a million, which \`node bench/memory.ts\` sends. An
idle Node holds 43 MB. Importing what the API is made of adds about a hundred, of which zod is 20 and Node's own reader of
TypeScript 24; the rest comes with the start and the first calls, most of it with Prisma's query compiler.

Whether an answer's time tells what is right: ${timingText(timed)}. Below 4.5 there is no difference; \`node bench/timing.ts\`
tries 100,000 tokens and 1,000 people.
`;
console.log(report);
if (process.argv.includes("--write")) {
  const path = join(import.meta.dirname, "RESULTS.md");
  // What ran by itself and at full length is written there by hand, with its own date and command.
  const [, longForms] = readFileSync(path, "utf8").split("\n## Long forms\n");
  writeFileSync(path, longForms === undefined ? report : `${report}\n## Long forms\n${longForms}`);
}
