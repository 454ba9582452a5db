import { generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { expect, test } from "vitest";
import { encodeCheckpoint } from "./checkpoint.ts";
import { CheckpointReader, encodeCheckpointLine } from "./checkpoint-file.ts";
import { EMPTY, frontierRoot, grow, pathOfNext } from "./frontier.ts";
import { type ChainHead, encodeHeads, headsEntry, headsRoot } from "./heads.ts";
import { leafHash } from "./merkle.ts";
import { noteKey, signNote } from "./note.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const key = noteKey("keyfold/test", Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
const head = (chain = randomUUID(), events = 1): ChainHead => ({
  chain,
  batches: events,
  events,
  hash: randomBytes(32),
});

/** The lines of a log in which these heads follow one another. */
function lines(states: readonly (readonly ChainHead[])[]): { line: string; heads: Buffer }[] {
  let tree = EMPTY;
  let before: Buffer | null = null;
  return states.map((state, i) => {
    const heads = encodeHeads(state);
    const time = new Date(Date.UTC(2026, 2, 1, 10, i));
    const path = pathOfNext(tree);
    tree = grow(tree, leafHash(headsEntry(time, state.length, headsRoot(heads))));
    const text = encodeCheckpoint({ origin: "keyfold/test/1", size: tree.size, root: frontierRoot(tree) });
    const note = signNote(text, key, (bytes) => sign(null, bytes, privateKey));
    const made = { note, time, chains: state.length, headsRoot: headsRoot(heads), path };
    const line = encodeCheckpointLine(made, heads, before);
    before = heads;
    return { line, heads };
  });
}

const [a, b] = [head(), head()];
const moved = { ...a, events: 2, batches: 2, hash: randomBytes(32) };
const file = lines([[a], [a, b], [moved, b]]);

test("a line holds what changed, and the reader knows all heads of the newest", () => {
  const reader = new CheckpointReader([key]);
  for (const { line, heads } of file) expect(reader.add(line)).toMatchObject({ heads });
  expect(reader.newest).toMatchObject({ size: 3, origin: "keyfold/test/1", heads: encodeHeads([moved, b]) });
  expect(file.map(({ line }) => Buffer.from(JSON.parse(line).heads, "base64").length / 64)).toEqual([
    1, 1, 1,
  ]);
});

test("a line that is cut, edited or signed by another proves nothing, and the newest good one stays", () => {
  const [first, second] = file as [(typeof file)[0], (typeof file)[0]];
  const reader = new CheckpointReader([key]);
  reader.add(first.line);
  const edited = JSON.parse(second.line);
  for (const bad of [
    "",
    "null",
    "[]",
    second.line.slice(0, 100),
    JSON.stringify({ ...edited, chains: 3 }),
    JSON.stringify({ ...edited, full: true }),
    JSON.stringify({ ...edited, heads: "" }),
    JSON.stringify({ ...edited, heads: "AAAA" }),
    JSON.stringify({ ...edited, time: "2027-01-01T00:00:00.000Z" }),
    JSON.stringify({ ...edited, note: edited.note.replace("\n2\n", "\n9\n") }),
    JSON.stringify({ ...edited, v: 2 }),
  ])
    expect(reader.add(bad), bad).toBeNull();
  expect(reader.newest).toMatchObject({ size: 1 });
  expect(reader.refused).toBe(11);
  expect(new CheckpointReader([]).add(first.line)).toBeNull();
  expect(reader.add(second.line)).toMatchObject({ size: 2 });
});
