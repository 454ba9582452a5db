import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert";
import { randomBytes } from "node:crypto";
import type { RootKeyProvider } from "@keyfold/envelope";
import { ConformanceTimer } from "./conformance-timer.ts";
import type { KeyServiceCall, ResilienceOptions } from "./resilience.ts";
import type { FailureKind } from "./service-failure.ts";

/** What a service is made to do wrong, or what is done to its key. */
export type ConformanceFault =
  /** Answers that it was asked too often, with a time to wait where it can say one. */
  | "throttled"
  /** Fails by itself (500, INTERNAL), and quotes the request in the answer. */
  | "failing"
  /** Takes the request and never answers. */
  | "hanging"
  /** Answers with success and something that is no answer. */
  | "malformed-answer"
  /** Answers with success and a key or wrap that does not fit its own checksum. */
  | "wrong-checksum"
  /** Does not know the credentials, or they lack the right. */
  | "denied"
  /** The key is disabled. */
  | "key-disabled"
  /** The key is destroyed, or waits to be. */
  | "key-destroyed"
  /** The key has a new version since. */
  | "key-rotated";

export interface ServiceUnderTest {
  /** The faults that it can be made to show. */
  faults: readonly ConformanceFault[];
  /** What `throttled` asks to wait, in milliseconds; 0 where the service has no way to say it. */
  retryAfterMs: number;
  /** Shows a fault for so many requests, or until healed. */
  start(fault: ConformanceFault, requests: number): void | Promise<void>;
  /** Everything is as it should be again; a rotated key stays rotated. */
  heal(): void | Promise<void>;
}

interface FaultSetting {
  make(resilience: Partial<ResilienceOptions>): RootKeyProvider | Promise<RootKeyProvider>;
  service: ServiceUnderTest;
  aad: Uint8Array;
  refusal(work: () => Promise<unknown>, key?: Uint8Array): Promise<string>;
}

const RETRIES = 3;
const TIMEOUT_MS = 3_000;
const TOTAL_MS = 60_000;
const FOR_EVER = Number.POSITIVE_INFINITY;

/** Faults that pass: each is met by asking again, and by `provider_unavailable` if it does not pass. */
const passing: Partial<Record<ConformanceFault, FailureKind>> = {
  throttled: "throttled",
  failing: "unavailable",
  "malformed-answer": "bad_answer",
  "wrong-checksum": "bad_answer",
};

/** Faults that asking again does not mend. */
const lasting: Partial<Record<ConformanceFault, FailureKind>> = {
  denied: "denied",
  "key-disabled": "key_unusable",
  "key-destroyed": "key_unusable",
};

/** The checks that need a service that fails. Each heals it afterwards. */
export function faultChecks({ make, service, aad, refusal }: FaultSetting) {
  async function started() {
    const timer = new ConformanceTimer();
    const calls: KeyServiceCall[] = [];
    const provider = await make({
      timer,
      retries: RETRIES,
      timeoutMs: TIMEOUT_MS,
      totalMs: TOTAL_MS,
      random: () => 0.5,
      observe: (call) => calls.push(call),
    });
    const { id } = await provider.current();
    const key = randomBytes(32);
    const wrapped = await provider.wrap(key, aad, id);
    calls.length = 0;
    const both = [
      ["wrap", () => provider.wrap(key, aad, id)],
      ["unwrap", () => provider.unwrap(wrapped, aad, id)],
    ] as const;
    return { provider, timer, calls, id, key, wrapped, both };
  }

  const healed = (run: () => Promise<void>) => async () => {
    try {
      await run();
    } finally {
      await service.heal();
    }
  };

  const checks: { name: string; run(): Promise<void> }[] = [];
  const check = (name: string, run: () => Promise<void>) => checks.push({ name, run: healed(run) });
  const of = (kinds: Partial<Record<ConformanceFault, FailureKind>>) =>
    service.faults.flatMap((fault) => {
      const kind = kinds[fault];
      return kind === undefined ? [] : [{ fault, kind }];
    });

  for (const { fault, kind } of of(passing)) {
    check(`asks again when the service is ${fault}, and succeeds once that has passed`, async () => {
      const { both, calls, timer, provider, key, wrapped, id } = await started();
      for (const [operation, work] of both) {
        calls.length = 0;
        timer.pauses.length = 0;
        await service.start(fault, 2);
        await work();
        deepStrictEqual(
          calls.map((call) => `${call.operation} ${call.outcome}`),
          [`${operation} ${kind}`, `${operation} ${kind}`, `${operation} ok`],
        );
        const asked = fault === "throttled" ? service.retryAfterMs : 0;
        strictEqual(timer.pauses.length, 2);
        ok(
          timer.pauses.every((pause) => pause >= asked && pause <= asked + 2_000),
          "a pause is as long as the service asks, and never without bound",
        );
      }
      deepStrictEqual(await provider.unwrap(wrapped, aad, id), key);
    });

    check(`gives up after ${RETRIES} retries when the service stays ${fault}`, async () => {
      const { both, calls, provider, key } = await started();
      await service.start(fault, FOR_EVER);
      for (const [operation, work] of both) {
        calls.length = 0;
        strictEqual(await refusal(work, key), "provider_unavailable");
        deepStrictEqual(
          calls.map((call) => `${call.operation} ${call.outcome}`),
          Array(RETRIES + 1).fill(`${operation} ${kind}`),
        );
      }
      await unhealthy(provider);
      await service.heal();
      deepStrictEqual(await provider.health(), { ok: true });
    });
  }

  for (const { fault, kind } of of(lasting)) {
    check(`asks once, and has a name for it, when the service says ${fault}`, async () => {
      const { both, calls, provider, key, wrapped, id } = await started();
      await service.start(fault, FOR_EVER);
      for (const [operation, work] of both) {
        calls.length = 0;
        strictEqual(await refusal(work, key), "provider_unavailable");
        deepStrictEqual(
          calls.map((call) => `${call.operation} ${call.outcome}`),
          [`${operation} ${kind}`],
        );
      }
      await unhealthy(provider);
      await service.heal();
      deepStrictEqual(await provider.unwrap(wrapped, aad, id), key);
    });
  }

  if (service.faults.includes("hanging"))
    check("gives up within its time when the service hangs", async () => {
      const { both, calls, timer, provider, key, wrapped, id } = await started();
      await service.start("hanging", FOR_EVER);
      timer.deadlinesPass = true;
      for (const [, work] of both) {
        calls.length = 0;
        const began = timer.now();
        strictEqual(await refusal(work, key), "provider_unavailable");
        deepStrictEqual(
          calls.map((call) => call.outcome),
          Array(RETRIES + 1).fill("timeout"),
        );
        ok(timer.now() - began <= (RETRIES + 1) * TIMEOUT_MS + RETRIES * 2_000);
      }
      await unhealthy(provider);
      timer.deadlinesPass = false;
      await service.heal();
      deepStrictEqual(await provider.unwrap(wrapped, aad, id), key);
    });

  if (service.faults.includes("key-rotated"))
    check("opens what it wrapped before its key was rotated, and names the new version", async () => {
      const { provider, timer, key, wrapped, id } = await started();
      const before = await provider.current();
      await service.start("key-rotated", 1);
      timer.advance(10 * 60_000);
      const after = await provider.current();
      strictEqual(after.id, before.id);
      notStrictEqual(after.keyVersion, before.keyVersion);
      deepStrictEqual(await provider.unwrap(wrapped, aad, id), key);
      const again = await provider.wrap(key, aad, id);
      deepStrictEqual(await provider.unwrap(again, aad, id), key);
      deepStrictEqual(await (await make({})).unwrap(wrapped, aad, id), key);
    });

  return checks;
}

async function unhealthy(provider: RootKeyProvider): Promise<void> {
  const health = await provider.health();
  ok(!health.ok, "healthy, though its service is not");
  ok(/^[A-Z][^\n{}<>"]{10,200}\.$/.test(health.reason), "the reason is one sentence");
}
