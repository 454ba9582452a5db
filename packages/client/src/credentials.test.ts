import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Credentials } from "./credentials.ts";

test("a token has one number as long as it is remembered, and a number is never another token's", async () => {
  let token = "kf_not_real_0";
  const credentials = new Credentials(() => token);
  const numbers: number[] = [];
  for (let i = 0; i <= 1000; i++) {
    token = `kf_not_real_${i}`;
    numbers.push((await credentials.current()).number);
  }
  expect(new Set(numbers).size).toBe(1001);
  expect((await credentials.current()).number).toBe(numbers[1000]);
  token = "kf_not_real_0";
  expect(numbers).not.toContain((await credentials.current()).number);
});

test("neither a credential nor what remembers it prints a token", async () => {
  const credentials = new Credentials("kf_not_real");
  const credential = await credentials.current();
  for (const printed of [
    inspect([credential, credentials], { depth: null, showHidden: true }),
    JSON.stringify([credential, credentials]),
    String(credential),
  ])
    expect(printed).not.toContain("kf_not");
  expect(credential.header()).toBe("Bearer kf_not_real");
});
