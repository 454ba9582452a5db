import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@keyfold/db/testing";
import { startProgram } from "../child.ts";
import { BEGINS, CANARY, callWithCanaries, canary } from "./calls.ts";
import { takeHeapSnapshot } from "./inspector.ts";
import { type Place, searchMemory } from "./process-memory.ts";
import { type Held, reachable } from "./reachable.ts";

/** What a process still holds of the values that went through it. */
export interface Remains {
  /** The ways in which values were sent. */
  sent: string[];
  /** Canaries that something reachable holds, once everybody has left. */
  held: Held[];
  /** Copies in its memory: as the last caller left, after it was left alone, and after a garbage collection. */
  memory: { asTheyLeft: Place[]; idle: Place[]; collected: Place[] };
}

/**
 * Starts the real program on a database, sends canaries through it, waits until its callers have left, and looks for what
 * remains of them: in a heap snapshot, and in all memory of the process that is no file's. Needs Linux.
 * @param idleSeconds how much longer it is left alone
 */
export async function whatRemains(
  folder: string,
  { databaseUrl, idleSeconds = 0 }: { databaseUrl: string; idleSeconds?: number },
): Promise<Remains> {
  const port = await freePort();
  const control = canary("control");
  const program = startProgram(folder, {
    DATABASE_URL: databaseUrl,
    KEYFOLD_DATA_DIR: join(folder, control),
    KEYFOLD_PORT: port,
    NODE_OPTIONS: "--inspect=127.0.0.1:0",
  });
  try {
    await program.ready();
    const token = /kf_[A-Za-z0-9_-]+/.exec(program.output())![0];
    const inspector = /ws:\/\/\S+/.exec(program.output())![0];
    const sent = await callWithCanaries(port, token);
    while (connectionsTo(port) > 0) await delay(20);
    const look = () =>
      searchMemory(program.process.pid!, BEGINS, CANARY).filter(({ text }) => !text.includes(control));
    const asTheyLeft = look();
    await delay(idleSeconds * 1000);
    const idle = idleSeconds === 0 ? asTheyLeft : look();
    const all = reachable(await takeHeapSnapshot(inspector), (text) => text.includes(BEGINS));
    const held = all.filter(({ text }) => !text.includes(control));
    // What the process does hold, the name of its folder, is found: else finding nothing would say nothing.
    if (held.length === all.length) throw new Error("the search does not find what is there");
    return { sent, held, memory: { asTheyLeft, idle, collected: look() } };
  } finally {
    program.process.kill("SIGTERM");
    await program.ended;
  }
}

/** How many connections to a port of this machine are open, as Linux tells. */
function connectionsTo(port: string): number {
  const ours = `:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      return local?.endsWith(ours) === true && state === "01";
    }).length;
}
