import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  batchHash,
  batchRoot,
  decodeBodies,
  decodeLeaves,
  encodeBodies,
  encodeLeaves,
  genesisHash,
  MAX_BATCH_EVENTS,
  MAX_BODIES_BYTES,
} from "./batch.ts";
import { MAX_EVENT_BYTES } from "./event.ts";
import { merkleRoot } from "./merkle.ts";
import { DEPLOYMENT, TENANT } from "./testing/chains.ts";

const events = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  { minLength: 1, maxLength: 20 },
);
const malformed = expect.objectContaining({ name: "LedgerError", code: "malformed" });
const tooLarge = expect.objectContaining({ name: "LedgerError", code: "too_large" });

describe("the bodies of a batch", () => {
  it("come back as the same events", () => {
    fc.assert(
      fc.property(events, (given) => {
        expect(decodeBodies(encodeBodies(given))).toEqual(given);
      }),
    );
  });

  it("come back from a view that does not begin at its buffer's start", () => {
    const padded = new Uint8Array([9, ...encodeBodies([Buffer.from("a"), Buffer.from("bc")]), 9]);
    expect(decodeBodies(padded.subarray(1, -1)).map(String)).toEqual(["a", "bc"]);
  });

  it("are refused when cut short anywhere inside an event", () => {
    fc.assert(
      fc.property(events, (given) => {
        const bodies = encodeBodies(given);
        const ends = new Set<number>();
        let at = 0;
        for (const event of given) {
          at += 4 + event.length;
          ends.add(at);
        }
        for (let end = 0; end < bodies.length; end += 1) {
          const cut = bodies.subarray(0, end);
          if (ends.has(end)) expect(decodeBodies(cut).length).toBeLessThan(given.length);
          else expect(() => decodeBodies(cut)).toThrow(malformed);
        }
      }),
    );
  });

  it("are bounded before anything is sliced", () => {
    expect(() => decodeBodies(Buffer.from("ffffffff00", "hex"))).toThrow(tooLarge);
    expect(() => decodeBodies(Buffer.from("0000000200", "hex"))).toThrow(malformed);
    expect(() => decodeBodies(Buffer.from("00000000", "hex"))).toThrow(malformed);
    expect(() => decodeBodies(Buffer.alloc(0))).toThrow(malformed);
    const over = Buffer.alloc(4 + MAX_EVENT_BYTES + 1);
    over.writeUInt32BE(MAX_EVENT_BYTES + 1);
    expect(() => decodeBodies(over)).toThrow(tooLarge);
    const many = Buffer.from("0000000100".repeat(MAX_BATCH_EVENTS + 1), "hex");
    expect(() => decodeBodies(many)).toThrow(tooLarge);
    expect(decodeBodies(many.subarray(5))).toHaveLength(MAX_BATCH_EVENTS);
    expect(() => decodeBodies(Buffer.alloc(MAX_BODIES_BYTES + 1))).toThrow(tooLarge);
  });

  it("are not made of no events, an empty one, one too long, too many, or too much", () => {
    expect(() => encodeBodies([])).toThrow(malformed);
    expect(() => encodeBodies([Buffer.alloc(0)])).toThrow(malformed);
    expect(() => encodeBodies([Buffer.alloc(MAX_EVENT_BYTES + 1)])).toThrow(tooLarge);
    expect(() => encodeBodies(Array(MAX_BATCH_EVENTS + 1).fill(Buffer.alloc(1)))).toThrow(tooLarge);
    expect(() => encodeBodies(Array(1_025).fill(Buffer.alloc(MAX_EVENT_BYTES)))).toThrow(tooLarge);
    expect(decodeBodies(encodeBodies([Buffer.alloc(MAX_EVENT_BYTES)]))[0]).toHaveLength(MAX_EVENT_BYTES);
  });
});

describe("the hashes of a batch", () => {
  it("can be made again from the kept leaf hashes alone", () => {
    fc.assert(
      fc.property(events, (given) => {
        const leaves = decodeLeaves(encodeLeaves(given));
        expect(leaves).toHaveLength(given.length);
        expect(merkleRoot(leaves)).toEqual(batchRoot(given));
      }),
    );
    expect(() => decodeLeaves(Buffer.alloc(33))).toThrow(malformed);
  });

  it("are taken over 32 bytes each and nothing else", () => {
    expect(() => batchHash(Buffer.alloc(31), Buffer.alloc(33))).toThrow(malformed);
    expect(() => batchHash(Buffer.alloc(33), Buffer.alloc(31))).toThrow(malformed);
  });
});

describe("the genesis hash", () => {
  it("differs by deployment and by chain, and does not confuse the two", () => {
    const hashes = [
      genesisHash(DEPLOYMENT, TENANT),
      genesisHash(TENANT, DEPLOYMENT),
      genesisHash(DEPLOYMENT, DEPLOYMENT),
      genesisHash(TENANT, TENANT),
    ].map((hash) => hash.toString("hex"));
    expect(new Set(hashes).size).toBe(4);
  });

  it("is the same for a UUID in upper case", () => {
    expect(genesisHash(DEPLOYMENT, TENANT.toUpperCase())).toEqual(genesisHash(DEPLOYMENT, TENANT));
  });

  it("is not made of anything but UUIDs", () => {
    for (const bad of ["", "acme", `${TENANT}\n`, TENANT.replaceAll("-", ""), `{${TENANT}}`]) {
      expect(() => genesisHash(DEPLOYMENT, bad)).toThrow(malformed);
      expect(() => genesisHash(bad, TENANT)).toThrow(malformed);
    }
  });
});
