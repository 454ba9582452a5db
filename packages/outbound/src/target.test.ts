import { expect, test } from "vitest";
import { parseAllow } from "./allow.ts";
import { checkTarget, TargetError } from "./target.ts";

test.each([
  "https://example.com/hooks?a=b",
  "https://example.com:8443/",
  "https://8.8.8.8/",
  "https://example.com.",
])("%s may be sent to", (url) => expect(checkTarget(url, []).named).toBe(false));

test.each([
  "http://example.com/",
  "https://user@example.com/",
  "https://user:hunter@example.com/",
  "https://example.com/#x",
  "https://example.com:22/",
  "https://example.com:80/",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0177.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:169.254.169.254]/",
  "https://169.254.169.254/latest/meta-data",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://a.localhost/",
  "https://metadata.google.internal/",
  "https://printer.local/",
  "https://db/",
  "ftp://example.com/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https:/example.com",
  "https:\\\\example.com",
  "https://exa mple.com/",
  "https://example.com/a\nb",
  "https://",
  "//example.com",
  "",
  `https://example.com/${"x".repeat(2048)}`,
])("%s is refused by its text", (url) => {
  expect(() => checkTarget(url, [])).toThrow(TargetError);
});

test("a refusal never repeats the address", () => {
  for (const url of [
    "https://user:hunter@example.com/",
    "https://secret-host.internal/",
    "https://10.1.2.3/x",
  ])
    try {
      checkTarget(url, []);
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toMatch(/hunter|secret-host|10\.1\.2\.3/);
    }
});

test("the operator allows hosts, addresses and ranges, each for https, or for plain http too", () => {
  const rules = parseAllow(
    "hooks.internal, 10.20.0.0/16, http://127.0.0.1, http://dev-box, fd00:1::/32, http://[::1]",
  );
  for (const url of [
    "https://hooks.internal/",
    "https://10.20.3.4:22/",
    "http://127.0.0.1:8080/",
    "https://127.0.0.1/",
    "http://dev-box/",
    "https://[fd00:1::5]/",
    "http://[::1]:9000/",
  ])
    expect(checkTarget(url, rules).named, url).toBe(true);
  for (const url of [
    "http://hooks.internal/",
    "http://10.20.3.4/",
    "https://10.21.0.1/",
    "http://127.0.0.2/",
    "https://sub.hooks.internal.example/x#y",
    "https://[fd00:2::5]/",
  ])
    expect(() => checkTarget(url, rules), url).toThrow(TargetError);
});

test.each(["10.0.0.0/33", "127.0.0", "0x7f000001", "exa mple", "http://", "*.internal", "a,,b/8", "[::1"])(
  "%s in the operator's list is refused, by the number of its entry",
  (list) => expect(() => parseAllow(`example.com, ${list}`)).toThrow(/^Entry \d is no host name/),
);

test("an empty list allows nothing more", () => expect(parseAllow(" , ")).toEqual([]));
