import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Batch, batchHash, genesisHash } from "./batch.ts";
import { genesisPoint, verifyChain } from "./chain.ts";
import type { ChainBroken, ChainPoint } from "./finding.ts";
import { chainOf, copy, counts, DEPLOYMENT, type Keep, makeBatch, START, TENANT } from "./testing/chains.ts";

const GENESIS = genesisHash(DEPLOYMENT, TENANT);
const OTHER = "00000000-0000-4000-8000-0000000000bb";
const keep = fc.constantFrom<Keep[]>("bodies", "leaves", "both");

/** Problem and place of what verifyChain finds. */
function found(chain: Iterable<Batch>, checkpoint?: ChainPoint) {
  const result = verifyChain(chain, START, checkpoint);
  return result.ok ? "ok" : { problem: result.problem, ...result.at };
}

function pointAt(chain: readonly Batch[], number: number): ChainPoint {
  const batch = chain[number - 1]!;
  return { number, seq: batch.firstSeq + batch.count - 1, hash: batch.hash };
}

/** What someone does who may write every row: gives all batches new numbers and hashes, so that they fit. */
function rechain(chain: readonly Batch[]): Batch[] {
  let before = genesisPoint(DEPLOYMENT, TENANT);
  return chain.map((batch) => {
    const hash = batchHash(before.hash, batch.root);
    const made = {
      ...batch,
      number: before.number + 1,
      firstSeq: before.seq + 1,
      prevHash: before.hash,
      hash,
    };
    before = { number: made.number, seq: before.seq + made.count, hash };
    return made;
  });
}

/** New numbers only; the hashes stay. */
function renumber(chain: readonly Batch[]): Batch[] {
  let firstSeq = 1;
  return chain.map((batch, i) => {
    const made = { ...batch, number: i + 1, firstSeq };
    firstSeq += batch.count;
    return made;
  });
}

describe("a sound chain", () => {
  it("verifies, whether its events or only their leaf hashes are there", () => {
    fc.assert(
      fc.property(counts(), fc.array(keep, { minLength: 8, maxLength: 8 }), (sizes, kept) => {
        const chain = sizes.map((_, i) => chainOf(sizes, kept[i]!)[i]!);
        const events = sizes.reduce((sum, size) => sum + size, 0);
        const head = chain.at(-1)!.hash;
        expect(verifyChain(chain, START)).toEqual({
          ok: true,
          batches: sizes.length,
          events,
          head,
          end: { number: sizes.length, seq: events, hash: head },
          provenEvents: 0,
        });
      }),
    );
  });

  it("verifies in parts, each from where the last one ended", () => {
    fc.assert(
      fc.property(counts(2), fc.nat(), (sizes, nth) => {
        const chain = chainOf(sizes);
        const middle = 1 + (nth % (sizes.length - 1));
        const first = verifyChain(chain.slice(0, middle), START);
        if (!first.ok) throw new Error(first.sentence);
        const second = verifyChain(chain.slice(middle), first.end);
        expect(second).toMatchObject({ ok: true, batches: sizes.length - middle, head: chain.at(-1)!.hash });
      }),
    );
  });

  it("may be empty, and its head is then its genesis", () => {
    expect(verifyChain([], START)).toMatchObject({ ok: true, batches: 0, events: 0, head: GENESIS });
  });

  it("is read one batch at a time", () => {
    let given = 0;
    const [first, second, third] = chainOf([1, 1, 1]) as [Batch, Batch, Batch];
    const lazily = (function* () {
      for (const batch of [first, { ...second, root: first.root }, third]) {
        given += 1;
        yield batch;
      }
    })();
    expect(found(lazily)).toEqual({ problem: "edited", batch: 2, seq: null });
    expect(given).toBe(2);
  });
});

describe("a checkpoint", () => {
  const chain = chainOf([2, 1, 3, 1]);

  it("proves the events that it covers, and leaves those after it unproven", () => {
    expect(verifyChain(chain, START, pointAt(chain, 3))).toMatchObject({
      ok: true,
      events: 7,
      provenEvents: 6,
    });
    expect(verifyChain(chain, START, pointAt(chain, 4))).toMatchObject({ ok: true, provenEvents: 7 });
    expect(verifyChain(chain.slice(2), pointAt(chain, 2), pointAt(chain, 4))).toMatchObject({
      ok: true,
      events: 4,
      provenEvents: 4,
    });
  });

  it("shows that the end was cut off, which the chain itself cannot", () => {
    for (let length = 0; length < chain.length; length += 1) {
      const cut = chain.slice(0, length);
      const seq = length === 0 ? 1 : pointAt(chain, length).seq + 1;
      expect(found(cut)).toBe("ok");
      expect(found(cut, pointAt(chain, 4))).toEqual({ problem: "cut_off", batch: length + 1, seq });
    }
  });

  it("shows that a whole chain was rewritten, which the chain itself cannot", () => {
    const forged = rechain(chain.map((batch, i) => (i === 1 ? chainOf([5])[0]! : batch)));
    expect(found(forged)).toBe("ok");
    expect(found(forged, pointAt(chain, 4))).toEqual({ problem: "edited", batch: 4, seq: null });
  });

  it("shows that a pruned batch's leaf hashes were replaced by inner nodes, which keep the root", () => {
    const [first, pruned] = chainOf([1, 2], "leaves") as [Batch, Batch];
    const collapsed = { ...pruned, count: 1, leaves: pruned.root };
    expect(found([first, collapsed])).toBe("ok");
    expect(found([first, collapsed], pointAt([first, pruned], 2))).toEqual({
      problem: "edited",
      batch: 2,
      seq: null,
    });
  });

  it("at the very start must be the start", () => {
    expect(found(chain, genesisPoint(DEPLOYMENT, TENANT))).toBe("ok");
    expect(found(chain, genesisPoint(DEPLOYMENT, OTHER))).toEqual({ problem: "edited", batch: 0, seq: null });
  });

  it("before the start, or of wrong numbers, is refused", () => {
    const malformed = expect.objectContaining({ name: "LedgerError", code: "malformed" });
    expect(() => verifyChain([], pointAt(chain, 2), pointAt(chain, 1))).toThrow(malformed);
    expect(() => verifyChain([], START, { ...pointAt(chain, 1), number: 0.5 })).toThrow(malformed);
    expect(() => verifyChain([], { ...pointAt(chain, 1), hash: Buffer.alloc(20) })).toThrow(malformed);
    expect(() => verifyChain([], { deployment: DEPLOYMENT, chain: "acme" })).toThrow(malformed);
  });
});

describe("an edited chain", () => {
  it.each(["bodies", "leaves", "both"] as const)(
    "of %s is found at any one bit of any field, with the first wrong batch named",
    (kept) => {
      const fields = ["prevHash", "root", "hash", "bodies", "leaves"] as const;
      fc.assert(
        fc.property(counts(), fc.nat(), fc.constantFrom(...fields), fc.nat(), (sizes, nth, field, bit) => {
          const chain = chainOf(sizes, kept).map(copy);
          const index = nth % chain.length;
          const bytes = chain[index]![field];
          if (bytes === null) return;
          const at = bit % (bytes.length * 8);
          bytes[at >> 3]! ^= 1 << (at & 7);
          expect(verifyChain(chain, START)).toMatchObject({ ok: false, at: { batch: index + 1 } });
        }),
        { numRuns: 400 },
      );
    },
  );

  it("is found at every single bit of one batch", () => {
    for (const field of ["prevHash", "root", "hash", "bodies", "leaves"] as const) {
      const sound = chainOf([2, 2, 2], "both");
      for (let bit = 0; bit < sound[1]![field]!.length * 8; bit += 1) {
        const chain = sound.map(copy);
        chain[1]![field]![bit >> 3]! ^= 1 << (bit & 7);
        expect(verifyChain(chain, START)).toMatchObject({ ok: false, at: { batch: 2 } });
      }
    }
  });

  it.each(["number", "firstSeq", "count"] as const)("is found by any other %s", (field) => {
    fc.assert(
      fc.property(counts(), fc.nat(), fc.integer({ min: 1, max: 50 }), keep, (sizes, nth, value, kept) => {
        const chain = chainOf(sizes, kept);
        const index = nth % chain.length;
        if (chain[index]![field] === value) return;
        chain[index] = { ...chain[index]!, [field]: value };
        expect(found(chain)).toEqual({ problem: "edited", batch: index + 1, seq: null });
      }),
    );
  });

  it("names the very event when the leaf hashes are kept beside the events", () => {
    const chain = chainOf([2, 4, 1], "both").map(copy);
    const bodies = chain[1]!.bodies!;
    bodies[bodies.indexOf("event 5")] = 0x45;
    expect(found(chain)).toEqual({ problem: "edited", batch: 2, seq: 5 });
  });

  it("is found where a batch was rewritten together with its hash", () => {
    const chain = chainOf([1, 2, 1, 1]);
    chain[1] = makeBatch([Buffer.from("forged"), Buffer.from("too")], 2, 2, chain[0]!.hash);
    expect(found(chain)).toEqual({ problem: "edited", batch: 2, seq: null });
  });

  it("is found where it was put in the place of another tenant's", () => {
    const moved = verifyChain(chainOf([1, 1]), { deployment: DEPLOYMENT, chain: OTHER });
    expect(moved).toMatchObject({ ok: false, problem: "edited", at: { batch: 1, seq: null } });
  });
});

describe("events of one batch", () => {
  const events = ["a", "b", "c", "d"].map((name) => Buffer.from(name));
  const [a, b, c, d] = events as [Buffer, Buffer, Buffer, Buffer];
  const sound = makeBatch(events, 1, 1, GENESIS, "both");
  const withBodies = (changed: Buffer[]) => [
    { ...sound, bodies: makeBatch(changed, 1, 1, GENESIS).bodies } as Batch,
  ];

  it("that were edited, removed, inserted or reordered are told apart, and the first is named", () => {
    expect(found(withBodies([a, b, Buffer.from("x"), d]))).toEqual({ problem: "edited", batch: 1, seq: 3 });
    expect(found(withBodies([a, c, d]))).toEqual({ problem: "removed", batch: 1, seq: 2 });
    expect(found(withBodies([a, b, c]))).toEqual({ problem: "removed", batch: 1, seq: 4 });
    expect(found(withBodies([a, Buffer.from("x"), b, c, d]))).toEqual({
      problem: "inserted",
      batch: 1,
      seq: 2,
    });
    expect(found(withBodies([a, b, c, d, d]))).toEqual({ problem: "inserted", batch: 1, seq: 5 });
    expect(found(withBodies([a, d, c, b]))).toEqual({ problem: "reordered", batch: 1, seq: 2 });
    expect(found(withBodies([b, a, c, d]))).toEqual({ problem: "reordered", batch: 1, seq: 1 });
  });

  it("are told apart by their number alone where no leaf hashes were kept", () => {
    const bare = (changed: Buffer[]) => withBodies(changed).map((batch) => ({ ...batch, leaves: null }));
    expect(found(bare([a, c, d]))).toEqual({ problem: "removed", batch: 1, seq: null });
    expect(found(bare([a, b, c, d, d]))).toEqual({ problem: "inserted", batch: 1, seq: null });
    expect(found(bare([a, c, b, d]))).toEqual({ problem: "edited", batch: 1, seq: null });
  });
});

describe("a chain with batches removed", () => {
  it("is told as such, with the first missing one named", () => {
    fc.assert(
      fc.property(counts(2), fc.nat(), fc.integer({ min: 1, max: 3 }), (sizes, nth, howMany) => {
        const chain = chainOf(sizes);
        const index = nth % (chain.length - 1);
        const { firstSeq } = chain[index]!;
        chain.splice(index, Math.min(howMany, chain.length - 1 - index));
        expect(found(chain)).toEqual({ problem: "removed", batch: index + 1, seq: firstSeq });
      }),
    );
  });

  it("and later ones chained anew, but not renumbered, is told by the gap in the numbers", () => {
    const chain = chainOf([1, 2, 1, 1]);
    const relinked = makeBatch([Buffer.from("event 4")], 3, 4, chain[0]!.hash);
    expect(found([chain[0]!, relinked])).toEqual({ problem: "removed", batch: 2, seq: 2 });
  });

  it("and the others renumbered is told by a checkpoint, and without one still found", () => {
    const sound = chainOf([1, 2, 1, 1]);
    const renumbered = renumber(sound.filter((_, i) => i !== 1));
    expect(found(renumbered, pointAt(sound, 4))).toEqual({ problem: "removed", batch: 2, seq: 2 });
    expect(found(renumbered)).toMatchObject({ problem: "edited", batch: 1 });
  });
});

describe("a chain with a batch inserted", () => {
  const forged = (number: number, firstSeq: number, prevHash: Buffer) =>
    makeBatch([Buffer.from("forged")], number, firstSeq, prevHash);

  it("is told as such, with its place named, whether or not the others were renumbered", () => {
    fc.assert(
      fc.property(counts(2), fc.nat(), fc.boolean(), (sizes, nth, tidy) => {
        const chain = chainOf(sizes);
        const index = nth % (chain.length - 1);
        const { number, firstSeq } = chain[index]!;
        chain.splice(index, 0, forged(number, firstSeq, Buffer.alloc(32, 5)));
        const result = found(tidy ? renumber(chain) : chain);
        expect(result).toEqual({ problem: "inserted", batch: index + 1, seq: firstSeq });
      }),
    );
  });

  it("is told as such when the inserted one is chained to the one before it", () => {
    fc.assert(
      fc.property(counts(2), fc.nat(), fc.boolean(), (sizes, nth, tidy) => {
        const chain = chainOf(sizes);
        const index = nth % chain.length;
        const { number, firstSeq, prevHash } = chain[index]!;
        chain.splice(index, 0, forged(number, firstSeq, prevHash));
        const result = found(tidy ? renumber(chain) : chain);
        expect(result).toEqual({ problem: "inserted", batch: index + 1, seq: null });
      }),
    );
  });

  it("believes the longer of two lines that follow the same batch", () => {
    const chain = chainOf([1, 1, 1, 1, 1]);
    const late = forged(6, 6, chain[1]!.hash);
    expect(found([...chain, late])).toEqual({ problem: "inserted", batch: 6, seq: null });
  });

  it("is told as such at the chain's end, when neither its hash nor its number fits", () => {
    const chain = chainOf([1, 2, 1]);
    for (const stray of [forged(2, 2, Buffer.alloc(32, 5)), forged(9, 5, Buffer.alloc(32, 5))]) {
      expect(found([...chain, stray])).toEqual({ problem: "inserted", batch: 4, seq: 5 });
    }
  });

  it("is told as such by a checkpoint that stands further on than it should", () => {
    const sound = chainOf([1, 2, 1, 1]);
    const rewritten = makeBatch([Buffer.from("forged")], 2, 2, sound[0]!.hash);
    const stray = forged(3, 3, Buffer.alloc(32, 5));
    const chain = renumber([sound[0]!, rewritten, stray, sound[2]!, sound[3]!]);
    expect(found(chain, pointAt(sound, 4))).toEqual({ problem: "inserted", batch: 3, seq: 3 });
  });

  it("is told as such when it is a copy of an earlier one", () => {
    fc.assert(
      fc.property(counts(), fc.nat(), fc.nat(), (sizes, from, to) => {
        const chain = chainOf(sizes);
        const original = from % chain.length;
        const place = original + 1 + (to % (chain.length - original));
        const firstSeq = chain[place]?.firstSeq ?? pointAt(chain, chain.length).seq + 1;
        chain.splice(place, 0, chain[original]!);
        expect(found(chain)).toEqual({ problem: "inserted", batch: place + 1, seq: firstSeq });
      }),
    );
  });
});

describe("a chain with batches reordered", () => {
  it("is told as such, with the first wrong place named, whether or not they were renumbered", () => {
    fc.assert(
      fc.property(counts(2), fc.nat(), fc.nat(), fc.boolean(), (sizes, from, to, tidy) => {
        const chain = chainOf(sizes);
        const source = from % chain.length;
        const [moved] = chain.splice(source, 1);
        const destination = to % (chain.length + 1);
        if (source === destination) return;
        const first = Math.min(source, destination);
        const { firstSeq } = chainOf(sizes)[first]!;
        chain.splice(destination, 0, moved!);
        expect(found(tidy ? renumber(chain) : chain)).toEqual({
          problem: "reordered",
          batch: first + 1,
          seq: firstSeq,
        });
      }),
    );
  });
});

describe("a batch that cannot be read", () => {
  const [first, second] = chainOf([1, 2], "both") as [Batch, Batch];
  it.each<[string, Partial<Batch>]>([
    ["bodies cut off", { bodies: second.bodies!.subarray(0, -1) }],
    ["empty bodies", { bodies: Buffer.alloc(0) }],
    ["neither events nor leaf hashes", { bodies: null, leaves: null }],
    ["leaf hashes cut off", { leaves: second.leaves!.subarray(1) }],
    ["no leaf hashes", { leaves: Buffer.alloc(0) }],
    ["a short hash", { hash: second.hash.subarray(1) }],
    ["a long root", { root: Buffer.alloc(33) }],
    ["a count of zero", { count: 0 }],
    ["a fraction as number", { number: 1.5 }],
    ["a sequence number beyond safe integers", { firstSeq: 2 ** 53 }],
    ["a count beyond the limit", { count: 65_537 }],
  ])("is malformed: %s", (_, change) => {
    expect(found([first, { ...second, ...change }])).toEqual({ problem: "malformed", batch: 2, seq: null });
  });
});

describe("the sentence", () => {
  it("says what happened where, and holds nothing of the events", () => {
    const chain = chainOf([1, 2, 1], "both").map(copy);
    const bodies = chain[1]!.bodies!;
    bodies.write("canary", bodies.indexOf("event 3"));
    const { sentence } = verifyChain(chain, START) as ChainBroken;
    expect(sentence).toBe("An event was edited: event 3, in batch 2, is not the one that was hashed.");
    const removed = verifyChain([chain[0]!, chain[2]!], START) as ChainBroken;
    expect(removed.sentence).toBe("Batches were removed: batch 2 is missing.");
  });
});
