import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { createHash, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { EnvelopeError, type EnvelopeErrorCode, encodeFields, type RootKeyProvider } from "@keyfold/envelope";
import { faultChecks, type ServiceUnderTest } from "./conformance-faults.ts";
import type { ResilienceOptions } from "./resilience.ts";

export type { ConformanceFault, ServiceUnderTest } from "./conformance-faults.ts";
export { ConformanceTimer } from "./conformance-timer.ts";

/** A provider of root keys, and what the suite needs to try it. */
export interface ConformanceSubject {
  /** Names the provider and what it runs against, e.g. "aws-kms (moto 5.2.5)". */
  name: string;
  /** A provider over the same key each time. One without calls to a service may leave `resilience` aside. */
  make(resilience: Partial<ResilienceOptions>): RootKeyProvider | Promise<RootKeyProvider>;
  /** The service behind it, made to fail. Left out where there is none, as with a local key. */
  service?: ServiceUnderTest;
  /**
   * Codes beside `not_authentic` and `malformed` that a changed wrap may give; with a reason in the report. A changed
   * AAD gives `not_authentic` and nothing else.
   */
  changedWrapMayGive?: readonly EnvelopeErrorCode[];
  /** Texts that must not turn up in an error or in what the provider prints: a PIN, a token, a passphrase. */
  secrets?: readonly string[];
}

/** One promise of a provider. `run` rejects where it is broken; a test runner of any make can call it. */
export interface ConformanceCheck {
  name: string;
  run(): Promise<void>;
}

const KEY_BYTES = 32;
/** Where nothing is made to fail, a busy machine is no failure either. */
const patient = { timeoutMs: 30_000, totalMs: 60_000 };
const AT_ONCE = 8;

/**
 * What every provider of root keys promises (see RootKeyProvider), as checks that name themselves:
 *
 *     for (const check of providerConformance(subject)) test(check.name, check.run);
 */
export function providerConformance(subject: ConformanceSubject): ConformanceCheck[] {
  const aad = encodeFields(["keyfold/conformance/v1", createHash("sha256").update(subject.name).digest()]);
  const made = async () => {
    const provider = await subject.make(patient);
    const { id } = await provider.current();
    return { provider, id };
  };
  const changed: readonly string[] = ["not_authentic", "malformed", ...(subject.changedWrapMayGive ?? [])];

  /** The code that `work` is refused with; and that the refusal says nothing that it must not. */
  async function refusal(work: () => Promise<unknown>, key?: Uint8Array): Promise<string> {
    const error = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) return "no refusal";
    ok(error instanceof EnvelopeError, "something else than an EnvelopeError was thrown");
    keepsSilent(error, key);
    return error.code;
  }

  function keepsSilent(thing: unknown, key?: Uint8Array): void {
    const printed = `${inspect(thing, { depth: 10, showHidden: true, maxArrayLength: null, maxStringLength: null })} ${JSON.stringify(thing)} ${String(thing)}`;
    const bytes = key && Buffer.from(key);
    const spellings = bytes
      ? [bytes.toString("hex"), bytes.toString("base64"), bytes.toString("base64url"), [...bytes].join(", ")]
      : [];
    for (const text of [...spellings, ...(subject.secrets ?? [])])
      ok(!printed.toLowerCase().includes(text.toLowerCase()), "a key or another secret was printed");
    ok(!(thing instanceof Error) || thing.cause === undefined, "an error carries the error of somebody else");
  }

  async function refusedEach(
    variants: readonly Uint8Array[],
    ask: (variant: Uint8Array) => Promise<unknown>,
    codes: readonly string[],
    key: Uint8Array,
  ): Promise<void> {
    for (let at = 0; at < variants.length; at += AT_ONCE) {
      const some = variants.slice(at, at + AT_ONCE);
      const got = await Promise.all(some.map((variant) => refusal(() => ask(variant), key)));
      got.forEach((code, index) => {
        ok(codes.includes(code), `variant ${at + index} of ${variants.length} gave: ${code}`);
      });
    }
  }

  const checks: ConformanceCheck[] = [
    {
      name: "gives back the key that it wrapped, and never the same wrap twice",
      async run() {
        const { provider, id } = await made();
        const key = randomBytes(KEY_BYTES);
        const given = Buffer.from(key);
        const [one, two] = [await provider.wrap(given, aad, id), await provider.wrap(given, aad, id)];
        deepStrictEqual(given, key, "the caller's key was changed");
        ok(!one.equals(two), "two wraps of one key are the same");
        ok(one.length > 0 && one.length <= 8192, "a wrap has 1 to 8192 bytes");
        ok(!one.includes(key), "the key stands in its wrap");
        for (const wrapped of [one, two]) {
          const back = await provider.unwrap(wrapped, aad, id);
          ok(Buffer.isBuffer(back));
          deepStrictEqual(back, key);
        }
      },
    },
    {
      name: "opens in another instance over the same key",
      async run() {
        const [one, two] = [await made(), await made()];
        strictEqual(one.id, two.id);
        const key = randomBytes(KEY_BYTES);
        const wrapped = await one.provider.wrap(key, aad, one.id);
        deepStrictEqual(await two.provider.unwrap(wrapped, aad, two.id), key);
      },
    },
    {
      name: "binds the AAD: any byte changed, a byte less, a byte more or none at all is not authentic",
      async run() {
        const { provider, id } = await made();
        const key = randomBytes(KEY_BYTES);
        const wrapped = await provider.wrap(key, aad, id);
        const variants = [
          ...flips(aad),
          aad.subarray(0, -1),
          Buffer.concat([aad, Buffer.of(0)]),
          Buffer.alloc(0),
        ];
        await refusedEach(variants, (other) => provider.unwrap(wrapped, other, id), ["not_authentic"], key);
        deepStrictEqual(await provider.unwrap(wrapped, aad, id), key);
      },
    },
    {
      name: "refuses an opener that it is not, by name, for wrapping and for unwrapping",
      async run() {
        const { provider, id } = await made();
        const key = randomBytes(KEY_BYTES);
        const wrapped = await provider.wrap(key, aad, id);
        for (const other of [`${id}0`, id.slice(0, -1), "local:0000000000000000", ""]) {
          strictEqual(await refusal(() => provider.wrap(key, aad, other), key), "unknown_opener");
          strictEqual(await refusal(() => provider.unwrap(wrapped, aad, other), key), "unknown_opener");
        }
      },
    },
    {
      name: "refuses a wrap with any byte changed",
      async run() {
        const { provider, id } = await made();
        const key = randomBytes(KEY_BYTES);
        const wrapped = await provider.wrap(key, aad, id);
        await refusedEach(flips(wrapped), (other) => provider.unwrap(other, aad, id), changed, key);
      },
    },
    {
      name: "refuses a wrap that is cut, longer, empty, too long, or made up",
      async run() {
        const { provider, id } = await made();
        const key = randomBytes(KEY_BYTES);
        const wrapped = await provider.wrap(key, aad, id);
        const cuts = Array.from({ length: Math.min(wrapped.length, 64) }, (_, i) =>
          wrapped.subarray(0, Math.floor((i * wrapped.length) / Math.min(wrapped.length, 64))),
        );
        const variants = [
          ...cuts,
          wrapped.subarray(1),
          wrapped.subarray(0, -1),
          Buffer.concat([wrapped, Buffer.of(0)]),
          Buffer.concat([wrapped, wrapped]),
          Buffer.alloc(wrapped.length),
          randomBytes(wrapped.length),
          randomBytes(8192),
          randomBytes(8193),
        ];
        await refusedEach(variants, (other) => provider.unwrap(other, aad, id), changed, key);
      },
    },
    {
      name: "wraps 32 bytes and no other length",
      async run() {
        const { provider, id } = await made();
        for (const length of [0, 1, 16, 31, 33, 64, 4096]) {
          const key = randomBytes(length);
          strictEqual(await refusal(() => provider.wrap(key, aad, id)), "malformed", `${length} bytes`);
        }
      },
    },
    {
      name: "keeps many at once apart",
      async run() {
        const { provider, id } = await made();
        await Promise.all(
          Array.from({ length: 32 }, async (_, index) => {
            const key = randomBytes(KEY_BYTES);
            const own = encodeFields(["keyfold/conformance/v1", String(index)]);
            const wrapped = await provider.wrap(key, own, id);
            deepStrictEqual(await provider.unwrap(wrapped, own, id), key);
          }),
        );
      },
    },
    {
      name: "names one root key, and the same each time",
      async run() {
        const { provider } = await made();
        const first = await provider.current();
        ok(
          /^[\x21-\x7e]{1,512}$/.test(first.id),
          "an id is 1 to 512 printable ASCII characters without space",
        );
        strictEqual(first.provider, provider.kind);
        ok(/^[\x21-\x7e]{1,128}$/.test(first.keyVersion));
        ok(first.id.startsWith(`${first.id.split(":")[0]}:`));
        deepStrictEqual(await provider.current(), first);
        const key = randomBytes(KEY_BYTES);
        await provider.wrap(key, aad, first.id);
        deepStrictEqual(await provider.current(), first);
      },
    },
    {
      name: "is healthy while its service is",
      async run() {
        const { provider } = await made();
        deepStrictEqual(await provider.health(), { ok: true });
      },
    },
    {
      name: "prints nothing secret of itself",
      async run() {
        const { provider, id } = await made();
        const key = randomBytes(KEY_BYTES);
        await provider.wrap(key, aad, id);
        keepsSilent(provider, key);
      },
    },
  ];
  if (subject.service)
    checks.push(...faultChecks({ make: subject.make, service: subject.service, aad, refusal }));
  return checks.map((check) => ({ ...check, name: `${subject.name} ${check.name}` }));
}

/** Copies of `bytes`, each with one bit of another byte changed. */
function flips(bytes: Uint8Array): Buffer[] {
  return Array.from(bytes, (_, at) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1 << (at & 7);
    return copy;
  });
}
