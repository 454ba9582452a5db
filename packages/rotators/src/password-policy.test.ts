import fc from "fast-check";
import { expect, test } from "vitest";
import { fitsPolicy, makePassword, passwordPolicy } from "./password.ts";
import { type CharacterClass, countPasswords, drawPassword } from "./password-policy.ts";
import { type Below, uniformBelow } from "./uniform.ts";

/** Every password that can come out, with its exact share, by going through all outcomes of all draws. */
function shares(length: number, classes: CharacterClass[]): Map<string, bigint> {
  // Shares are counted in units of 1 / WHOLE, which every number of outcomes here divides.
  const WHOLE = 2n ** 40n * 3n ** 20n * 5n ** 10n * 7n ** 10n * 11n ** 6n * 13n ** 6n;
  const found = new Map<string, bigint>();
  const visit = (chosen: bigint[]): void => {
    let at = 0;
    let share = WHOLE;
    let open: bigint | null = null;
    const below: Below = (end) => {
      share /= end;
      if (at < chosen.length) return chosen[at++]!;
      at++;
      open ??= end;
      return 0n;
    };
    const password = drawPassword(length, classes, below);
    if (open === null) found.set(password, (found.get(password) ?? 0n) + share);
    else for (let n = 0n; n < open; n++) visit([...chosen, n]);
  };
  visit([]);
  return found;
}

test.each<[number, CharacterClass[]]>([
  [
    3,
    [
      { characters: "ab", atLeast: 1 },
      { characters: "1", atLeast: 1 },
    ],
  ],
  [
    3,
    [
      { characters: "ab", atLeast: 0 },
      { characters: "1", atLeast: 2 },
    ],
  ],
  [
    4,
    [
      { characters: "a", atLeast: 1 },
      { characters: "1", atLeast: 1 },
      { characters: "!", atLeast: 1 },
    ],
  ],
  [2, [{ characters: "abc", atLeast: 2 }]],
  [
    3,
    [
      { characters: "a", atLeast: 0 },
      { characters: "12", atLeast: 0 },
    ],
  ],
])(
  "of %i characters every password that is allowed is exactly as likely as any other: %j",
  (length, classes) => {
    const found = shares(length, classes);
    expect(BigInt(found.size)).toBe(countPasswords(length, classes));
    expect(new Set(found.values()).size).toBe(1);
  },
);

test("a draw takes every outcome for the same number of bytes, and throws the rest away", () => {
  for (const end of [1n, 2n, 3n, 5n, 94n, 128n, 200n, 256n]) {
    const counts = new Map<bigint, number>();
    for (let byte = 0; byte < 256; byte++) {
      let first = true;
      const below = uniformBelow((bytes) => {
        if (!first) throw new Error("thrown away");
        first = false;
        bytes.fill(byte);
      });
      try {
        const drawn = below(end);
        counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
      } catch (error) {
        expect((error as Error).message).toBe("thrown away");
      }
    }
    expect(BigInt(counts.size)).toBe(end);
    expect(new Set(counts.values()).size).toBe(1);
  }
  expect(() => uniformBelow()(0n)).toThrow(RangeError);
});

test("draws over many bytes stay below their end and reach both halves", () => {
  const below = uniformBelow();
  const end = 2n ** 130n + 7n;
  const drawn = Array.from({ length: 200 }, () => below(end));
  expect(drawn.every((n) => n >= 0n && n < end)).toBe(true);
  expect(drawn.some((n) => n >= end / 2n) && drawn.some((n) => n < end / 2n)).toBe(true);
});

test("every password fits the policy that it was made for", () => {
  const count = fc.oneof(fc.constant(false as const), fc.integer({ min: 0, max: 6 }));
  fc.assert(
    fc.property(
      fc.record({
        length: fc.integer({ min: 16, max: 256 }),
        lower: count,
        upper: count,
        digits: count,
        symbols: count,
        without: fc.constantFrom("", "il1Lo0O", "abc"),
      }),
      (given) => {
        const parsed = passwordPolicy.safeParse(given);
        fc.pre(parsed.success);
        const password = makePassword(parsed.data!);
        expect(password).toHaveLength(given.length);
        expect(fitsPolicy(parsed.data!, password)).toBe(true);
        for (const character of given.without) expect(password).not.toContain(character);
      },
    ),
  );
});

test.each([
  [{ lower: false, upper: false, digits: false, symbols: false }, "a password needs characters to draw from"],
  [{ length: 8, digits: 9 }, "more characters are asked for than the password has"],
  [{ without: "0123456789", digits: 2 }, "a class that is asked for has no characters left"],
  [
    { length: 8, lower: false, upper: false, symbols: false },
    "the policy allows fewer than 2^64 passwords: make it longer, or allow more characters",
  ],
  [{ length: 8 }, "the policy allows fewer than 2^64 passwords: make it longer, or allow more characters"],
])("a policy that no good password fits is refused: %j", (policy, message) => {
  const parsed = passwordPolicy.safeParse(policy);
  expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([message]);
});

test("a policy of 32 characters is the default, with one of each class at least", () => {
  const policy = passwordPolicy.parse({});
  for (let n = 0; n < 50; n++) {
    const password = makePassword(policy);
    expect(password).toHaveLength(32);
    for (const kind of [/[a-z]/, /[A-Z]/, /\d/, /[^\w]/]) expect(password).toMatch(kind);
  }
});
