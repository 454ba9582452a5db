import { clientRows } from "./client.ts";
import { consumerRows } from "./consumers.ts";
import { envelopeRows } from "./envelope.ts";
import { fairness, fairnessText } from "./fairness.ts";
import { httpRows } from "./http.ts";
import { hybridRows } from "./hybrid.ts";
import { importing, importingText } from "./import.ts";
import { inProcess, statementsText } from "./in-process.ts";
import { keyRows } from "./keys.ts";
import { table } from "./measure.ts";
import { memory, memoryText } from "./memory.ts";
import { panelFigures } from "./panel.ts";
import { reEncryption, reEncryptionText } from "./re-encrypt.ts";
import { rotationRows } from "./rotations.ts";
import { timings, timingText } from "./timing.ts";
import { webhookRows } from "./webhooks.ts";

/** A part of the results: what it is called on the command line and in the page, and how it is measured. */
export interface Section {
  name: string;
  title: string;
  /** @returns Markdown: goals, tables, sentences */
  run(quick: boolean): Promise<string>;
}

export const SECTIONS: readonly Section[] = [
  {
    name: "envelope",
    title: "Envelope",
    run: async () => table([...envelopeRows(), ...(await hybridRows())]),
  },
  {
    name: "keys",
    title: "Rotating the root key",
    run: async (quick) => table(await keyRows(quick ? 200 : 1000)),
  },
  {
    name: "re-encrypt",
    title: "Re-encrypting",
    run: async (quick) => reEncryptionText(await reEncryption(quick ? 1000 : 20_000, quick ? 2 : 10)),
  },
  {
    name: "rotations",
    title: "Rotating secrets",
    async run(quick) {
      const { rows, due } = await rotationRows(quick ? 100 : 500, quick ? 300 : 10_000);
      return `${table(rows)}\n\n${due}`;
    },
  },
  {
    name: "consumers",
    title: "Noting who reads",
    run: async (quick) => `The goal is that a read is at most 1.05 times as slow: a ratio of 0.95 or more.

${table(await consumerRows(quick))}`,
  },
  {
    name: "webhooks",
    title: "Webhooks",
    run: async (quick) => table(await webhookRows(quick ? 100 : 500)),
  },
  {
    name: "ways-in",
    title: "Ways in",
    async run(quick) {
      const rows = await clientRows(quick);
      return `${table(rows)}\n\n${importingText(await importing(quick ? 2_000 : 100_000, quick ? 20 : 1_000))}`;
    },
  },
  {
    name: "http",
    title: "Over HTTP",
    run: async (
      quick,
    ) => `"Bare" is the same HTTP stack answering the same bytes with no database, no authentication and no audit. "pgcrypto" is the
same stack over a table of \`encrypt()\`ed values with one audit row a call. The goals of a reveal: REST 0.3 of bare at 32 at
once and 0.4 at 128, tRPC 0.75, p99 at most five times the bare one's. "One committed row for each batch" is the bare route, each of
whose answers waits for its share of one INSERT, committed with fsync: what an audit that is durable before the answer costs
by itself, with nothing read, opened, judged or hashed. More than that no reveal can have. What REST lacks beyond it is a
reveal's own work in Node (who calls, opening, the event and its hashes), and the judging in PostgreSQL.

${table(await httpRows([1, 32], quick ? 1 : 3))}`,
  },
  {
    name: "in-process",
    title: "In process",
    async run(quick) {
      const { rows, statements } = await inProcess(quick ? 100 : 1_000, quick ? 1 : 3);
      return `Reveals through the router's caller. The goals: 0.4 of the bare loop, over one tenant and over a thousand; statements below 0.1
for a warm reveal and 1 for a cold one; \`audit verify\` at least 0.3 of hashing the same lines. Over a thousand tenants nearly
every read is a batch by itself, where one tenant's reads share theirs: a row in PostgreSQL with two indexes, 25 µs, and in Node
a statement's share that nobody shares.

${table(rows)}

${statementsText(statements)}`;
    },
  },
  {
    name: "memory",
    title: "Memory",
    run: async (
      quick,
    ) => `${memoryText(await memory(quick ? 20_000 : 100_000))} The goals: below 150 MB, and below 250 MB and flat after a million, which \`node bench/memory.ts\` sends. An
idle Node holds 44 MB. A start takes about 165 while it loads; before it listens, what nobody needs any more is collected and given
back to the system. What stays is mostly the program itself: text and code of a thousand modules, schemas, Prisma's query compiler.`,
  },
  {
    name: "timing",
    title: "Timing",
    run: async (
      quick,
    ) => `Whether an answer's time tells what is right: ${timingText(await timings(quick ? 500 : 10_000, quick ? 10 : 100))}. Below 4.5 there is no difference; \`node bench/timing.ts\`
tries 100,000 tokens and 1,000 people.`,
  },
  {
    name: "fairness",
    title: "A neighbour beside a flood",
    run: async (quick) => fairnessText(await fairness(quick ? 2 : 8)),
  },
  {
    name: "panel",
    title: "The panel",
    run: async () =>
      `In a Chromium, beside an empty page of Vite and React in the same browser:

${(await panelFigures()).map((figure) => `- ${figure}`).join("\n")}`,
  },
];
