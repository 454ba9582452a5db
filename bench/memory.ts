// `node bench/memory.ts [READS]`: the API's memory after its start, and while it answers a million reveals. The goals: below
// 150 MB after the start, below 250 MB and flat after a million.
import { readFileSync } from "node:fs";
import autocannon from "autocannon";
import { startKeyfold } from "./keyfold.ts";

const SAMPLES = 10;
/** They come at once, while the code is young: what V8 learns then of how long objects live, it keeps to. */
const CROWD = 256;

export interface Memory {
  /** Megabytes after the start, with a hundred secrets made. */
  atStart: number;
  /** How much of it is Node's program and libraries, which the kernel shares among processes. */
  shared: number;
  /** After each tenth of the reads. */
  while: number[];
  reads: number;
}

export async function memory(reads: number): Promise<Memory> {
  const keyfold = await startKeyfold();
  try {
    const headers = { authorization: `Bearer ${keyfold.token}` };
    const atStart = megabytes(keyfold.pid);
    const shared = megabytes(keyfold.pid, "RssFile");
    const samples: number[] = [];
    const reveal = async (name: string, connections: number, amount: number) => {
      const url = `${keyfold.url}/api/reveal?name=${name}`;
      const { non2xx, errors } = await autocannon({ url, connections, amount, headers });
      if (non2xx + errors > 0) throw new Error(`${non2xx} refused, ${errors} failed`);
    };
    await reveal("KEY_000", CROWD, 50_000);
    for (let i = 0; i < SAMPLES; i++) {
      await reveal(`KEY_0${i}0`, 32, Math.ceil(reads / SAMPLES));
      samples.push(megabytes(keyfold.pid));
    }
    return { atStart, shared, while: samples, reads };
  } finally {
    await keyfold.stop();
  }
}

export const memoryText = ({ atStart, shared, while: samples, reads }: Memory): string =>
  `The API's process holds ${atStart} MB after its start, ${shared} of them the program of Node that all its processes share, and, once ${CROWD} connections have revealed at once, after each tenth of ${reads.toLocaleString("en-US")} reveals over 32: ${samples.join(", ")} MB.`;

/** Resident memory of a process, as Linux tells it. */
function megabytes(pid: number, what = "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

if (import.meta.main) console.log(memoryText(await memory(Number(process.argv[2] ?? 1_000_000))));
