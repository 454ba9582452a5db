import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";

/** What people choose, of twelve characters and more. The long lists are in a file. */
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
 * word with some digits; or what stands on the list of leaked ones, where there is one.
 * @throws KeyfoldError `bad_input`
 */
export async function refuseWeak(services: Services, password: string, email: string): Promise<void> {
  const plain = password.normalize("NFKC").toLowerCase();
  let left = plain;
  for (const word of [email, email.split("@")[0]!, ...COMMON].filter((part) => part.length > 3))
    left = left.replaceAll(word, "");
  const letters = left.replaceAll(/[\d\s\p{P}\p{S}]/gu, "");
  if (letters.length < 4 || new Set(plain).size < 5)
    throw refused("is guessed at once: take four random words, or let a program make it");
  if (await services.people.breached?.(password))
    throw refused("is known to thieves: it was in a leak somewhere. Take another one");
}

const refused = (message: string) =>
  new KeyfoldError("bad_input", { issues: [{ path: "password", message }] });
