import fc from "fast-check";
import { expect, test } from "vitest";
import { redacting } from "./redact.ts";

async function through(values: string[], chunks: readonly Buffer[]): Promise<string> {
  const stream = redacting(values);
  const out: Buffer[] = [];
  stream.on("data", (chunk) => out.push(chunk));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.once("end", resolve));
  return Buffer.concat(out).toString("utf8");
}

test("values are masked wherever the output is cut into pieces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("sk_one_value", "sk_other", "text ", "\n", "sk_", "one"), { maxLength: 12 }),
      fc.array(fc.nat(80), { maxLength: 6 }),
      async (parts, cuts) => {
        const whole = Buffer.from(parts.join(""));
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        const expected = whole.toString().replace(/sk_one_value|sk_other/g, "[redacted]");
        expect(await through(["sk_one_value", "sk_other"], chunks)).toBe(expected);
      },
    ),
  );
});

test("a longer value that begins as a shorter one is masked whole, also in pieces", async () => {
  const values = ["sk_test", "sk_test_longer_value"];
  for (let cut = 0; cut < 22; cut++) {
    const whole = Buffer.from("a sk_test_longer_value b");
    expect(await through(values, [whole.subarray(0, cut), whole.subarray(cut)])).toBe("a [redacted] b");
  }
});

test("values that overlap leave nothing of each other, wherever they are cut", async () => {
  const values = ["sk_left_middle", "middle_right_sk", "aaaa"];
  const whole = Buffer.from("x sk_left_middle_right_sk_left_middle aaaaaaa y");
  for (let cut = 0; cut <= whole.length; cut++)
    expect(await through(values, [whole.subarray(0, cut), whole.subarray(cut)])).toBe(
      "x [redacted] [redacted] y",
    );
});

test("a value of many lines is masked line by line, and as JSON writes it", async () => {
  const value = '-----BEGIN FAKE-----\nabcd"efgh\n-----END FAKE-----';
  const said = await through([value], [Buffer.from(`${JSON.stringify({ value })}\nabcd"efgh\n${value}`)]);
  expect(said).not.toContain("abcd");
});

test("a prompt shows at once: only what could begin a value is held back", async () => {
  const stream = redacting(["sk_one_value"]);
  stream.write("Password: ");
  expect(stream.read()?.toString()).toBe("Password: ");
  stream.write("is sk_o");
  expect(stream.read()?.toString()).toBe("is ");
  stream.end("k");
  expect(stream.read()?.toString()).toBe("sk_ok");
});
