import { EnvelopeError } from "@keyfold/envelope";
import { describe, expect, test } from "vitest";
import { ConformanceTimer } from "./conformance-timer.ts";
import { type KeyServiceCall, type ResilienceOptions, resilientCalls } from "./resilience.ts";
import { type FailureKind, ServiceFailure } from "./service-failure.ts";

const leak = "request body: sk_test_not_a_real_key";

function caller(options: Partial<ResilienceOptions> = {}) {
  const timer = new ConformanceTimer();
  const calls: KeyServiceCall[] = [];
  const service = { kind: "x-kms", title: "X", failureOf: () => new ServiceFailure("unavailable") };
  const call = resilientCalls(service, {
    timer,
    random: () => 0.5,
    observe: (one) => calls.push(one),
    ...options,
  });
  return { call, timer, calls };
}

const failing = (kind: FailureKind, retryAfterMs?: number) => async () => {
  throw new ServiceFailure(kind, retryAfterMs);
};

describe("a call to a key service", () => {
  test("that succeeds is made once and told to the metric, without the answer", async () => {
    const { call, calls, timer } = caller();
    expect(await call("wrap", async () => 7)).toBe(7);
    expect(calls).toEqual([{ provider: "x-kms", operation: "wrap", outcome: "ok", seconds: 0 }]);
    expect(timer.pauses).toEqual([]);
  });

  test("is repeated with pauses that are random below a bound which doubles", async () => {
    const { call, calls, timer } = caller({ retries: 6, totalMs: 60_000 });
    await expect(call("wrap", failing("unavailable"))).rejects.toMatchObject({
      code: "provider_unavailable",
    });
    expect(calls).toHaveLength(7);
    expect(timer.pauses).toEqual([50, 100, 200, 400, 800, 1000]);
  });

  test.each<FailureKind>(["denied", "no_credentials", "key_unusable", "refused_input", "not_authentic"])(
    "is not repeated where that cannot help: %s",
    async (kind) => {
      const { call, calls } = caller();
      await expect(call("unwrap", failing(kind))).rejects.toBeInstanceOf(EnvelopeError);
      expect(calls.map(({ outcome }) => outcome)).toEqual([kind]);
    },
  );

  test("waits as long as it is told to, and gives up where that is too long", async () => {
    const patient = caller({ retries: 1 });
    await expect(patient.call("wrap", failing("throttled", 5_000))).rejects.toBeInstanceOf(EnvelopeError);
    expect(patient.timer.pauses).toEqual([5_050]);
    const told = caller();
    await expect(told.call("wrap", failing("throttled", 3_600_000))).rejects.toBeInstanceOf(EnvelopeError);
    expect(told.calls).toHaveLength(1);
    expect(told.timer.pauses).toEqual([]);
  });

  test("is given up at its time-out, and its client is told to stop", async () => {
    const { call, timer, calls } = caller({ retries: 0, timeoutMs: 3_000 });
    timer.deadlinesPass = true;
    let told: AbortSignal | undefined;
    const asked = call("unwrap", (signal) => {
      told = signal;
      return new Promise(() => {});
    });
    await expect(asked).rejects.toMatchObject({
      code: "provider_unavailable",
      message: "X did not answer in time.",
    });
    expect(told?.aborted).toBe(true);
    expect(calls).toEqual([{ provider: "x-kms", operation: "unwrap", outcome: "timeout", seconds: 3 }]);
  });

  test("begins no retry after its whole time is over", async () => {
    const { call, timer, calls } = caller({ retries: 100, timeoutMs: 3_000, totalMs: 10_000 });
    timer.deadlinesPass = true;
    await expect(call("wrap", () => new Promise(() => {}))).rejects.toBeInstanceOf(EnvelopeError);
    expect(calls).toHaveLength(4);
    expect(timer.now()).toBeLessThanOrEqual(13_000);
  });

  test("erases a key that comes after the time-out, when nobody waits for it any more", async () => {
    const { call, timer } = caller({ retries: 0 });
    timer.deadlinesPass = true;
    const late = Promise.withResolvers<Buffer>();
    await expect(call("unwrap", () => late.promise)).rejects.toBeInstanceOf(EnvelopeError);
    const key = Buffer.alloc(32, 7);
    late.resolve(key);
    await late.promise;
    await Promise.resolve();
    expect(key).toEqual(Buffer.alloc(32));
  });

  test("asks for health once only", async () => {
    const { call, calls } = caller();
    await expect(call("health", failing("unavailable"))).rejects.toBeInstanceOf(EnvelopeError);
    expect(calls).toHaveLength(1);
  });

  test("passes nothing on of what a vendor's client says", async () => {
    const { call } = caller({ retries: 0 });
    const refusal = await call("wrap", () => Promise.reject(new Error(leak))).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({
      code: "provider_unavailable",
      message: "X cannot be reached, or fails by itself.",
    });
    expect(refusal).not.toHaveProperty("cause");
    expect(String((refusal as Error).stack)).not.toContain("sk_test");
  });

  test("is not lost over a metric that cannot be kept", async () => {
    const { call } = caller({
      observe: () => {
        throw new Error("no metrics today");
      },
    });
    expect(await call("wrap", async () => 7)).toBe(7);
  });
});
