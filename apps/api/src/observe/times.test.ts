import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { Times } from "./times.ts";

test("what it counted is shown as prom-client's own histogram shows it", async () => {
  const about = { name: "work_seconds", help: "How long work takes.", buckets: [0.001, 0.05, 1] };
  const labels = [
    { operation: "open", status: 200 },
    { operation: 'with "quotes"', status: 503 },
    { operation: "never", status: 0 },
  ];
  const [register, theirs] = [new Registry(), new Registry()];
  const times = new Times({ ...about, register });
  const histogram = new Histogram({
    ...about,
    labelNames: ["operation", "status"],
    registers: [theirs],
  });
  for (const of of labels) {
    const series = times.series(of);
    histogram.zero(of);
    if (of.status > 0)
      for (const seconds of [0, 0.001, 0.0011, 0.05, 0.9, 1, 1.5, 1e9]) {
        series.observe(seconds);
        histogram.observe(of, seconds);
      }
  }
  expect(await register.metrics()).toBe(await theirs.metrics());
  expect(() => new Times({ ...about, register })).toThrow(/already/);
});

test("requests are counted by method, route and status, and each of these is shown once", async () => {
  const metrics = createMetrics({ process: false });
  for (const [method, route, status] of [
    ["GET", "/api/secrets", 200],
    ["GET", "/api/secrets", 200],
    ["GET", "/api/secrets", 401],
    ["PUT", "/api/secrets", 200],
    ["GET", "/api/secrets/:id", 200],
  ] as const)
    metrics.request(method, route, status, 0.002);
  const { text } = await metrics.page();
  const counts = text.split("\n").filter((line) => line.startsWith("keyfold_http_request_seconds_count"));
  expect(counts).toEqual([
    'keyfold_http_request_seconds_count{method="GET",route="/api/secrets",status="200"} 2',
    'keyfold_http_request_seconds_count{method="GET",route="/api/secrets",status="401"} 1',
    'keyfold_http_request_seconds_count{method="PUT",route="/api/secrets",status="200"} 1',
    'keyfold_http_request_seconds_count{method="GET",route="/api/secrets/:id",status="200"} 1',
  ]);
});
