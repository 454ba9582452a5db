import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { connect } from "@keyfold/db";
import { localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { createKeyfoldServer } from "../../server.ts";
import { fileTarget } from "../testing/file-target.ts";

/** What it is told on its standard input, in JSON: root keys do not stand on a command line. */
export interface Told {
  url: string;
  rootKey: string;
  file: string;
  /** At which of its moments it stops, and waits to be killed. */
  haltAt: number;
}

/** A process that runs the scheduler once, and stands still at one moment until it is killed. */
const told = JSON.parse(await text(process.stdin)) as Told;
const db = connect({ url: told.url, poolSize: 6 });
const rotator = fileTarget(told.file, () => {
  if (--told.haltAt !== 0) return;
  writeSync(1, "halted\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
const provider = localRootKey(rootKeyFromText(told.rootKey));
const server = await createKeyfoldServer({ db, provider, rotators: [rotator], process: false });
await server.jobs.find(({ name }) => name === "rotations.run")!.run();
await db.close();
writeSync(1, "done\n");
