import type { SecretValue, WrapSuite } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import { ATTEMPTS as RACES } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { addSuite } from "../key/suite/add-suite.ts";
import type { SuiteKeys, TermKey } from "../key/tenant/tenant-keys.ts";
import { TermClosed } from "../key/term/term-errors.ts";

/** The keys of one suite, to seal with. */
export interface SealingKeys extends SuiteKeys {
  /** To be told of each DEK that was wrapped. */
  wrapped?: () => void;
}

/** A tenant's current keys, fetched before the transaction: key services are not called under locks. */
export interface WriteKeys {
  /** Those of one suite. @throws SuiteMissing where the tenant has none yet; what kept them from being opened or counted */
  of(suite: WrapSuite): SealingKeys;
  /** The newest of all suites: for what is no secret's value, such as signing secrets. */
  newest(): TermKey;
}

/** Something is to be sealed under a suite of which the tenant has no key yet: it is made, and all is done again. */
export class SuiteMissing extends Error {
  readonly suite: WrapSuite;
  constructor(suite: WrapSuite) {
    super("the tenant has no key of this suite yet");
    this.suite = suite;
  }
}

/** Several jobs over one tenant may each add a term, one after the other. */
const ATTEMPTS = 6;

/**
 * Runs what seals with the tenant's current keys, after so many DEKs were counted as wrapped under each that it may take. A
 * key that this process remembers may have been followed by another term meanwhile: the database takes nothing under the
 * old one any more, and it is all done again under the new one. Which suite a secret wants is known only once it is
 * locked: where the tenant has no key of that suite, the transaction ends, the key is made, and it is all done again, too.
 */
export async function withWriteKeys<T>(
  call: Call,
  tenantId: string,
  work: (keys: WriteKeys) => Promise<T>,
  deks = 1,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    // A transaction that lost a race seals once more.
    const counted = await countedKeys(call, tenantId, deks * RACES);
    try {
      return await work(counted.keys);
    } catch (error) {
      if (error instanceof SuiteMissing) {
        if (attempt === ATTEMPTS) throw new KeyfoldError("conflict", { cause: error });
        await addSuite(call, tenantId, error.suite);
      } else {
        if (!(error instanceof TermClosed) || attempt === ATTEMPTS) throw error;
        call.services.keys.forgetTerms(tenantId);
      }
    } finally {
      counted.settle();
    }
  }
}

/** The tenant's current keys of all suites. Who seals with them counts it himself. */
export async function currentKeys({ services }: Call, tenantId: string): Promise<WriteKeys> {
  return writeKeys(await services.keys.currentOfAll(tenantId));
}

type BySuite = ReadonlyMap<number, SealingKeys | KeyfoldError>;

function writeKeys(bySuite: BySuite, taken: (keys: SealingKeys) => void = () => {}): WriteKeys {
  const good = (keys: SealingKeys | KeyfoldError): SealingKeys => {
    if (keys instanceof KeyfoldError) throw keys;
    return keys;
  };
  return {
    of(suite) {
      const keys = bySuite.get(suite);
      if (keys === undefined) throw new SuiteMissing(suite);
      taken(good(keys));
      return good(keys);
    },
    newest() {
      const keys = [...bySuite.values()].map(good).reduce((a, b) => (b.value.term > a.value.term ? b : a));
      taken(keys);
      return keys.value;
    },
  };
}

/** Current keys with so many wraps taken for each; what was not made is given back by `settle`. */
async function countedKeys({ services }: Call, tenantId: string, most: number) {
  const { wraps } = services.keys;
  const bySuite = new Map<number, SealingKeys | KeyfoldError>();
  /** How many wraps were made, by key; a key that nobody asked for is not here. */
  const made = new Map<string, number>();
  const held: string[] = [];
  const nameOf = (keys: SuiteKeys) => `${tenantId}/${keys.value.term}`;
  for (const [suite, keys] of await services.keys.currentOfAll(tenantId)) {
    bySuite.set(suite, keys);
    if (keys instanceof KeyfoldError) continue;
    const name = nameOf(keys);
    try {
      await wraps.take(name, most);
    } catch (error) {
      // One suite's key that is used up keeps nobody from the other's.
      if (!(error instanceof KeyfoldError)) throw error;
      bySuite.set(suite, error);
      continue;
    }
    held.push(name);
    bySuite.set(suite, { ...keys, wrapped: () => made.set(name, (made.get(name) ?? 0) + 1) });
  }
  const taken = (keys: SealingKeys) => {
    const name = nameOf(keys);
    if (!made.has(name)) made.set(name, 0);
  };
  const settle = () => {
    for (const name of held) {
      const count = made.get(name);
      // Asked for and nothing told: it stays counted in full.
      wraps.give(name, count === undefined ? most : count === 0 ? 0 : Math.max(0, most - count));
    }
  };
  return { keys: writeKeys(bySuite, taken), settle };
}

/** Tells equal values of one tenant and term, and nothing to who lacks the tenant's digest key. */
export function valueDigest({ key }: Pick<TermKey, "key">, value: SecretValue): Buffer<ArrayBuffer> {
  return Buffer.from(key.hmacSha256("keyfold/value-digest/v1\0", value.unsafelyBytes()));
}
