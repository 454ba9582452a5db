import { unwrapKey, wrapKey } from "./provider.ts";
import { deriveValueKey, type KeptValue, openValue, openWithValueKey, sealValue } from "./value.ts";
import { unwrapDek, wrapDek } from "./wrap.ts";

/** `seal` and `open` are for values, `wrap` and `unwrap` for keys (DEKs and tenant keys alike). */
export type EnvelopeOperation = "seal" | "open" | "wrap" | "unwrap";

export interface EnvelopeOptions {
  /** Told of every operation, failed ones too: which it was and how many seconds it took. Must not throw. */
  observe?: (operation: EnvelopeOperation, seconds: number) => void;
  /** Milliseconds that only grow. `performance.now` by default. */
  clock?: () => number;
}

/** This package's functions, timed. Nothing is kept between calls and nothing is global: make as many as you like. */
export interface Envelope {
  sealValue: typeof sealValue;
  openValue: typeof openValue;
  /** Counted as `open`, as is its other half, `openWithValueKey`. */
  deriveValueKey: typeof deriveValueKey;
  openWithValueKey: typeof openWithValueKey;
  /** Counted as `open`. */
  openKept(kept: KeptValue): Buffer;
  wrapDek: typeof wrapDek;
  unwrapDek: typeof unwrapDek;
  wrapKey: typeof wrapKey;
  unwrapKey: typeof unwrapKey;
}

/** An envelope that reports how long its work takes; without `observe`, the plain functions. */
export function createEnvelope(options: EnvelopeOptions = {}): Envelope {
  const { observe, clock = () => performance.now() } = options;
  const plain = {
    sealValue,
    openValue,
    deriveValueKey,
    openWithValueKey,
    openKept: (kept: KeptValue) => kept.open(),
    wrapDek,
    unwrapDek,
    wrapKey,
    unwrapKey,
  };
  if (observe === undefined) return plain;

  function timed<A extends unknown[], R>(operation: EnvelopeOperation, work: (...args: A) => R) {
    const done = (start: number) => observe?.(operation, (clock() - start) / 1000);
    return (...args: A): R => {
      const start = clock();
      let result: R;
      try {
        result = work(...args);
      } catch (error) {
        done(start);
        throw error;
      }
      if (result instanceof Promise) return result.finally(() => done(start)) as R;
      done(start);
      return result;
    };
  }

  return {
    sealValue: timed("seal", plain.sealValue),
    openValue: timed("open", plain.openValue),
    deriveValueKey: timed("open", plain.deriveValueKey),
    openWithValueKey: timed("open", plain.openWithValueKey),
    openKept: timed("open", plain.openKept),
    wrapDek: timed("wrap", plain.wrapDek),
    unwrapDek: timed("unwrap", plain.unwrapDek),
    wrapKey: timed("wrap", plain.wrapKey),
    unwrapKey: timed("unwrap", plain.unwrapKey),
  };
}
