import { Gauge, Histogram, type Registry } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** What is counted of root keys and the services that hold them. */
export function createKeyMetrics(registers: Registry[]): Pick<Metrics, "keyService" | "keys"> {
  const calls = new Histogram({
    name: "keyfold_key_service_call_seconds",
    help: "Time that one call of a key service or HSM takes, by provider, operation and outcome; retries count singly.",
    labelNames: ["provider", "operation", "outcome"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3],
    registers,
  });
  const wrapped = new Gauge({
    name: "keyfold_root_key_wraps",
    help: "Keys that are wrapped under a root key.",
    labelNames: ["root_key"],
    registers,
  });
  const due = new Gauge({
    name: "keyfold_root_key_rotation_due_timestamp_seconds",
    help: "When the current root key is due for its rotation, in Unix time.",
    registers,
  });
  const overdue = new Gauge({
    name: "keyfold_root_key_rotation_overdue",
    help: "1 when the current root key has served its time.",
    registers,
  });
  return {
    keyService: ({ provider, operation, outcome, seconds }) =>
      calls.observe({ provider, operation, outcome }, seconds),
    keys({ wraps, rotation }) {
      wrapped.reset(); // a root key that was retired leaves the page
      for (const { opener, count } of wraps) wrapped.set({ root_key: opener }, count);
      due.set(rotation.at.getTime() / 1000);
      overdue.set(rotation.overdue ? 1 : 0);
    },
  };
}
