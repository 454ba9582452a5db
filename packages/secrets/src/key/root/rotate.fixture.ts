import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { connect } from "@keyfold/db";
import { localRootKey, type RootKeyProvider, rootKeyFromText } from "@keyfold/envelope";
import { requestInfo } from "../../router/context.ts";
import { verbs } from "../../router/verbs.ts";
import { createKeyfoldServer } from "../../server.ts";
import { toItsEnd } from "../../testing/keys.ts";

/** What it is told on its standard input, in JSON: root keys do not stand on a command line. */
interface Told {
  url: string;
  current: string;
  other: string;
  token: string;
}

/** A process that rotates, verifies and retires, and says a line on each call of a key service, until it is killed. */
const told = JSON.parse(await text(process.stdin)) as Told;
const [current, other] = [told.current, told.other].map((key) =>
  loud(localRootKey(rootKeyFromText(key))),
) as [RootKeyProvider, RootKeyProvider];
const db = connect({ url: told.url, poolSize: 6 });
// Killed processes count as running for two minutes, and the next one retires at once.
const server = await createKeyfoldServer({ db, provider: current, others: [other], process: false });
const request = requestInfo({ token: told.token });
const opener = (await other.current()).id;
await toItsEnd(() => server.invoke(verbs.keys.rotate, request, {}));
await toItsEnd(() => server.invoke(verbs.keys.verify, request, {}));
await toItsEnd(() => server.invoke(verbs.keys.retire, request, { opener }));
await db.close();

function loud(provider: RootKeyProvider): RootKeyProvider {
  const say = () => void writeSync(1, "call\n");
  return {
    ...provider,
    wrap: (...args) => provider.wrap(...args).finally(say),
    unwrap: (...args) => provider.unwrap(...args).finally(say),
  };
}
