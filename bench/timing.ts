// `node bench/timing.ts [TOKENS] [PEOPLE]`: whether an answer's time tells what a guesser would like to know. Welch's t of two
// groups, in turn: 4.5 and more would be a difference. The issue's own numbers are 100000 and 1000.
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { connect } from "@keyfold/db";
import { createTestDatabase, startTestServer } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { createKeyfoldServer, generateToken, type KeyfoldServer, requestInfo, verbs } from "@keyfold/secrets";

const PASSWORD = "fake copper lantern 12, not real";
/** How many addresses are tried: each is refused for a while after a few failures, known or not. */
const TRIES_EACH = 8;

export interface Timing {
  what: string;
  tries: number;
  t: number;
}

export async function timings(tokens: number, people: number): Promise<Timing[]> {
  const server = await startTestServer();
  const database = await createTestDatabase(server);
  const db = connect({ url: database.url });
  const keyfold = await createKeyfoldServer({
    db,
    provider: localRootKey(randomBytes(32)),
    mayCreate: true,
    process: false,
  });
  try {
    return [await tokenPrefixes(keyfold, tokens), await knownUsers(keyfold, people)];
  } finally {
    await keyfold.close();
    await db.close();
    await database.drop();
    await server.stop();
  }
}

/** A token that begins like one that there is, and one that does not; both of the right form, both refused. */
async function tokenPrefixes(keyfold: KeyfoldServer, tries: number): Promise<Timing> {
  const operator = requestInfo({ token: await keyfold.createOperatorToken("bench") });
  await keyfold.invoke(verbs.tenants.create, operator, { slug: "bench" });
  const made = await keyfold.invoke(verbs.tokens.create, operator, {
    tenant: "bench",
    name: "bench",
    preset: "admin",
  });
  const close = resembling(made.token!);
  const far = generateToken();
  const ask = (token: string) => async () => {
    await keyfold.invoke(verbs.identity.get, requestInfo({ token }), {}).then(
      () => {
        throw new Error("a wrong token was taken");
      },
      () => {},
    );
  };
  return {
    what: "right and wrong beginning of a token",
    tries,
    t: await inTurn(ask(close), ask(far), tries),
  };
}

/** A token of the right form whose first characters are another's: its checksum, at the end, is its own. */
function resembling(token: string): string {
  const body = `${token.slice(3, 45)}${token[45] === "A" ? "E" : "A"}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(`kf_${body}`));
  return `kf_${body}${checksum.toString("base64url")}`;
}

/** An address that somebody has, with a wrong password, and one that nobody has. */
async function knownUsers(keyfold: KeyfoldServer, tries: number): Promise<Timing> {
  const addresses = Math.ceil(tries / TRIES_EACH) + 1;
  for (let i = 0; i < addresses; i++) {
    const { secret } = await keyfold.people.host.resetOperator(`known${i}@example.com`);
    await keyfold.people.acceptLink(requestInfo({}), { secret, name: "Known", password: PASSWORD });
  }
  const ask = (who: string) => {
    let n = 0;
    return async () => {
      const email = `${who}${Math.floor(n++ / TRIES_EACH)}@example.com`;
      await keyfold.people.signIn(requestInfo({}), { email, password: "wrong, and not real either" }).then(
        () => {
          throw new Error("a wrong password was taken");
        },
        (error: { code?: string }) => {
          if (error.code !== "unauthenticated") throw error;
        },
      );
    };
  };
  return { what: "known and unknown user", tries, t: await inTurn(ask("known"), ask("nobody"), tries) };
}

/** Times both in turn, changing who is first, and answers Welch's t. The slowest in a hundred of each are the machine's. */
async function inTurn(a: () => Promise<void>, b: () => Promise<void>, tries: number): Promise<number> {
  const times: [number[], number[]] = [[], []];
  const time = async (work: () => Promise<void>, into: number[]) => {
    const started = performance.now();
    await work();
    into.push(performance.now() - started);
  };
  for (let i = 0; i < tries; i++) {
    if (i % 2 === 0) await time(a, times[0]);
    await time(b, times[1]);
    if (i % 2 === 1) await time(a, times[0]);
  }
  return welch(trimmed(times[0]), trimmed(times[1]));
}

const trimmed = (times: number[]): number[] =>
  times.sort((x, y) => x - y).slice(0, Math.max(2, Math.floor(times.length * 0.99)));

function welch(a: readonly number[], b: readonly number[]): number {
  const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const [ma, mb] = [mean(a), mean(b)];
  const spread = (all: readonly number[], m: number) =>
    all.reduce((sum, one) => sum + (one - m) ** 2, 0) / (all.length - 1) / all.length;
  return (ma - mb) / Math.sqrt(spread(a, ma) + spread(b, mb));
}

export const timingText = (all: readonly Timing[]): string =>
  all
    .map(
      ({ what, tries, t }) =>
        `${what}: Welch's t ${t.toFixed(2)} over ${tries.toLocaleString("en-US")} tries each`,
    )
    .join("; ");

if (import.meta.main) {
  const [tokens = 100_000, people = 1_000] = process.argv.slice(2).map(Number);
  console.log(timingText(await timings(tokens, people)));
}
