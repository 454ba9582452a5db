import { KeyfoldError } from "../error.ts";

/** What people choose, of twelve characters and more. The long lists are for `KEYFOLD_BREACHED_PASSWORDS`. */
const COMMON = [
  "password",
  "passwort",
  "keyfold",
  "qwertyuiop",
  "1234567890",
  "letmein",
  "iloveyou",
  "administrator",
];

/**
 * Refuses a new password that is guessed at once: the address or a piece of it, one character over and over, a common
 * word with some digits.
 * @throws KeyfoldError `bad_input`
 */
export function refuseWeak(password: string, email: string): void {
  const plain = password.normalize("NFKC").toLowerCase();
  let left = plain;
  for (const word of [email, email.split("@")[0]!, ...COMMON].filter((part) => part.length > 3))
    left = left.replaceAll(word, "");
  const letters = left.replaceAll(/[\d\s\p{P}\p{S}]/gu, "");
  if (letters.length >= 4 && new Set(plain).size >= 5) return;
  throw new KeyfoldError("bad_input", {
    issues: [
      { path: "password", message: "is guessed at once: take four random words, or let a program make it" },
    ],
  });
}
