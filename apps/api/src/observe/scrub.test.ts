import { expect, test } from "vitest";
import { createLog } from "./log.ts";
import { scrub } from "./scrub.ts";

test.each([
  ["kf_bA09UKT8eYzPYfw7VIubSuXfDzgl9y9xNapXAXCqMErCM2Qw"],
  ["sk_test_not_a_real_key"],
  ["rk_live_not_a_real_key"],
  ["whsec_bm90X2FfcmVhbF9rZXk="],
  ["SG.not_a_real_key_id.not_a_real_key_secret"],
  ["ghp_notarealtokennotarealtoken"],
  ["github_pat_notarealtokennotarealtoken"],
  ["xoxb-0000000000-notareal"],
  ["AKIANOTAREALKEY00000"],
  ["ASIANOTAREALKEY00000"],
  ["AIzaNotARealKeyNotARealKeyNotARealKey00"],
  ["pk_test_not_a_real_key"],
  ["bearer not-a-real-token"],
  ["Basic bm90LWEtcmVhbA=="],
  ["-----BEGIN PRIVATE KEY----- not a real key -----END PRIVATE KEY-----"],
  ["sk-proj-not-a-real-key-0000"],
  ["eyJhbGciOiJub25lIn0.eyJub3QiOiJyZWFsIn0.bm90LXJlYWw"],
  ["bm90IGEgcmVhbCBrZXkgYnV0IGxvbmcgZW5vdWdoIHRvIGJlIG9uZQ=="],
  ["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"],
])("%s does not stay in a line", (secret) => {
  expect(scrub(`{"msg":"before ${secret} after"}`)).toBe('{"msg":"before [redacted] after"}');
});

test("a password in a connection string goes, the rest of the line stays", () => {
  expect(scrub("at postgresql://app:not_a_real_password@host/db now")).toBe(
    "at postgresql://app:[redacted]@host/db now",
  );
  expect(scrub("Bearer not-a-real-token")).toBe("[redacted]");
});

test("ids, moments and paths stay readable", () => {
  const line =
    '{"time":"2026-11-22T00:36:37.975Z","correlationId":"d49ed9be-0e25-436b-863c-30f44528057f","at":"at file:///srv/keyfold/node_modules/.pnpm/pg@8.23.1/node_modules/pg/lib/client.js:545:17"}';
  expect(scrub(line)).toBe(line);
});

test("a log writes listed fields only, and no known name of a secret below them", () => {
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line: string) => void lines.push(line) } });
  log.info(
    {
      route: "/api/secrets",
      value: "not_a_real_value",
      body: { value: "not_a_real_value" },
      cause: { token: "not_a_real_token" },
    },
    "answered",
  );
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: "info",
    time: expect.any(String),
    route: "/api/secrets",
    cause: { token: "[redacted]" },
    msg: "answered",
  });
});

test("what a line's text is made of is redacted by name, too, and a flat line loses what is not listed", () => {
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line: string) => void lines.push(line) } });
  log.warn("it said %j", { token: "not_a_real_token" });
  log.error(
    { code: "internal", value: "not_a_real_value", correlationId: "kf_not_a_real_token" },
    "answered",
  );
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: "warn", time: expect.any(String), msg: 'it said {"token":"[redacted]"}' },
    {
      level: "error",
      time: expect.any(String),
      code: "internal",
      correlationId: "[redacted]",
      msg: "answered",
    },
  ]);
});
