import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { RotatorError } from "./error.ts";
import { type CharacterClass, countPasswords, drawPassword } from "./password-policy.ts";
import { defineRotator } from "./rotator.ts";
import { uniformBelow } from "./uniform.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
/** Printable, and no quote, backslash, space or slash: what other people's tools stumble over. */
const SYMBOLS = "!#$%&()*+,-.:;<=>?@[]^_{|}~";
/** Passwords that can be guessed are not made, whatever the policy. */
const LEAST_BITS = 64;

const atLeast = z.int().min(0).max(64);

/** What a password must be made of. A class with `false` is left out; a number asks for so many of it. */
export const passwordPolicy = z
  .strictObject({
    /** 8 to 256 characters, 32 by default. */
    length: z.int().min(8).max(256).default(32),
    lower: z.union([atLeast, z.literal(false)]).default(1),
    upper: z.union([atLeast, z.literal(false)]).default(1),
    digits: z.union([atLeast, z.literal(false)]).default(1),
    symbols: z.union([atLeast, z.literal(false)]).default(1),
    /** The symbols to draw from. */
    symbolSet: z
      .string()
      .regex(/^[!-/:-@[-`{-~]{1,32}$/, "symbols are printable ASCII, neither letters nor digits")
      .default(SYMBOLS),
    /** Characters that are never drawn, such as those that people mistake for one another. */
    without: z
      .string()
      .regex(/^[!-~]{0,94}$/, "printable ASCII")
      .default(""),
  })
  .superRefine((policy, context) => {
    const classes = classesOf(policy);
    const empty = classes.some((one) => one.characters.length === 0 && one.atLeast > 0);
    const asked = classes.reduce((sum, one) => sum + one.atLeast, 0);
    const say = (message: string) => context.addIssue({ code: "custom", message });
    if (classes.every((one) => one.characters.length === 0)) say("a password needs characters to draw from");
    else if (empty) say("a class that is asked for has no characters left");
    else if (asked > policy.length) say("more characters are asked for than the password has");
    else if (countPasswords(policy.length, usable(classes)) < 1n << BigInt(LEAST_BITS))
      say("the policy allows fewer than 2^64 passwords: make it longer, or allow more characters");
  });
export type PasswordPolicy = z.output<typeof passwordPolicy>;

function classesOf(policy: PasswordPolicy): CharacterClass[] {
  const sets = [
    [policy.lower, LETTERS],
    [policy.upper, LETTERS.toUpperCase()],
    [policy.digits, DIGITS],
    [policy.symbols, [...new Set(policy.symbolSet)].join("")],
  ] as const;
  return sets
    .filter(([wanted]) => wanted !== false)
    .map(([wanted, characters]) => ({
      atLeast: wanted as number,
      characters: [...characters].filter((character) => !policy.without.includes(character)).join(""),
    }));
}

const usable = (classes: readonly CharacterClass[]) => classes.filter((one) => one.characters.length > 0);

/** A fresh password of a policy. */
export function makePassword(policy: PasswordPolicy): string {
  return drawPassword(policy.length, usable(classesOf(policy)), uniformBelow());
}

/** Whether a policy allows a password. */
export function fitsPolicy(policy: PasswordPolicy, password: string): boolean {
  const classes = classesOf(policy);
  const characters = [...password];
  return (
    characters.length === policy.length &&
    characters.every((character) => classes.some((one) => one.characters.includes(character))) &&
    classes.every(
      (one) => characters.filter((character) => one.characters.includes(character)).length >= one.atLeast,
    )
  );
}

/** Passwords that something of your own checks, which reads them from Keyfold. */
export const passwordRotator = defineRotator({
  kind: "password",
  title: "Password: a length and a policy",
  config: passwordPolicy,
  state: z.strictObject({}),
  worksAtOnce: () => Number.POSITIVE_INFINITY,
  make: async ({ config }) => ({ value: SecretValue.ofText(makePassword(config)), state: {} }),
  async test({ config, pending }) {
    if (!fitsPolicy(config, (await pending()).unsafelyText())) throw new RotatorError("test_failed");
  },
});
