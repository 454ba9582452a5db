import { ATTEMPTS as RACES } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import type { TermKey } from "../key/tenant-keys.ts";
import { TermClosed } from "../key/term-errors.ts";

/** A tenant's current keys, fetched before the transaction: key services are not called under locks. */
export interface WriteKeys {
  value: TermKey;
  digest: TermKey;
  /** To be told of each DEK that was wrapped. */
  wrapped?: () => void;
}

/** Several jobs over one tenant may each add a term, one after the other. */
const ATTEMPTS = 6;

/**
 * Runs what seals with the tenant's current keys, after so many DEKs were counted as wrapped under the one of them. A key that this process remembers may have been followed by another
 * term meanwhile: the database takes nothing under the old one any more, and it is all done again under the new one.
 */
export async function withWriteKeys<T>(
  { services }: Call,
  tenantId: string,
  work: (keys: WriteKeys) => Promise<T>,
  deks = 1,
): Promise<T> {
  const { keys } = services;
  for (let attempt = 1; ; attempt++) {
    const [value, digest] = await Promise.all([
      keys.current(tenantId, "value"),
      keys.current(tenantId, "digest"),
    ]);
    const key = `${tenantId}/${value.term}`;
    // A transaction that lost a race seals once more.
    const most = deks * RACES;
    await keys.wraps.take(key, most);
    let made = 0;
    try {
      return await work({
        value,
        digest,
        wrapped: () => {
          made++;
        },
      });
    } catch (error) {
      if (!(error instanceof TermClosed) || attempt === ATTEMPTS) throw error;
      keys.forgetTerms(tenantId);
    } finally {
      keys.wraps.give(key, made === 0 ? 0 : Math.max(0, most - made));
    }
  }
}

/** Tells equal values of one tenant and term, and nothing to who lacks the tenant's digest key. */
export function valueDigest({ key }: Pick<TermKey, "key">, plaintext: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(key.hmacSha256("keyfold/value-digest/v1\0", plaintext));
}
