import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { connect } from "@keyfold/db";
import {
  createEnvelope,
  type Envelope,
  hybridSeedFromText,
  localRootKey,
  rootKeyFromText,
} from "@keyfold/envelope";
import { requestInfo } from "../../router/context.ts";
import { verbs } from "../../router/verbs.ts";
import { createKeyfoldServer } from "../../server.ts";
import { toItsEnd } from "../../testing/keys.ts";

/** What it is told on its standard input, in JSON: root keys do not stand on a command line. */
interface Told {
  url: string;
  current: string;
  seed: string;
  token: string;
  job: "rotateTenant" | "reEncrypt" | "removeOpener";
  input: object;
}

/** A process that runs a job over tenants' keys, and says a line on each key that it wraps or unwraps, until it is killed. */
const told = JSON.parse(await text(process.stdin)) as Told;
const db = connect({ url: told.url, poolSize: 6 });
const server = await createKeyfoldServer({
  db,
  provider: localRootKey(rootKeyFromText(told.current)),
  hybrid: { current: hybridSeedFromText(told.seed) },
  envelope: loud(createEnvelope()),
});
const request = requestInfo({ token: told.token });
const { state } = await toItsEnd(() => server.invoke(verbs.keys[told.job], request, told.input));
await db.close();
process.exitCode = state === "done" ? 0 : 1;

function loud(envelope: Envelope): Envelope {
  const aloud = <A extends unknown[], R>(work: (...args: A) => R) => {
    return (...args: A): R => {
      writeSync(1, "key\n");
      return work(...args);
    };
  };
  return {
    ...envelope,
    wrapKey: aloud(envelope.wrapKey),
    unwrapKey: aloud(envelope.unwrapKey),
    wrapDek: aloud(envelope.wrapDek),
    unwrapDek: aloud(envelope.unwrapDek),
  };
}
