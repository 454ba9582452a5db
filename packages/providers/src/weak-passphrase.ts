const FEWEST_CHARACTERS = 12;
const FEWEST_DIFFERENT_CHARACTERS = 6;

/*
 * Words that make up the most used long passwords of published leaks (12 characters and more), and our own name.
 * A passphrase of nothing but these, digits and signs is guessed first.
 */
const common = [
  "password",
  "passphrase",
  "passwort",
  "pass",
  "qwertyuiop",
  "qwertzuiop",
  "qwerty",
  "azerty",
  "asdfghjkl",
  "zxcvbnm",
  "1q2w3e4r5t6y",
  "1qaz2wsx3edc",
  "q1w2e3r4t5y6",
  "abcdefghijklmnopqrstuvwxyz",
  "abcdefghijklm",
  "abcdef",
  "letmein",
  "iloveyou",
  "trustno1",
  "welcome",
  "changeme",
  "change",
  "please",
  "secret",
  "master",
  "admin",
  "administrator",
  "default",
  "example",
  "keyfold",
  "root",
  "test",
  "user",
  "login",
  "key",
  "my",
  "me",
  "the",
];
const famous = new Set([
  "correcthorsebatterystaple", // xkcd.com/936
  "thequickbrownfoxjumpsoverthelazydog",
  "tobeornottobethatisthequestion",
  "maytheforcebewithyou",
]);

/** Why a passphrase is no good, as the end of a sentence that begins "The passphrase"; undefined where it may do. */
export function weakPassphrase(passphrase: string): string | undefined {
  const characters = [...passphrase];
  if (characters.length < FEWEST_CHARACTERS) return `is shorter than ${FEWEST_CHARACTERS} characters`;
  if (new Set(characters).size < FEWEST_DIFFERENT_CHARACTERS) return "has too few different characters";
  if (isSequence(characters)) return "is a sequence of characters that count up or down";
  const letters = passphrase.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}]/gu, "");
  if (famous.has(letters)) return "is a well-known one that is guessed first";
  if (withoutCommonWords(letters).length < FEWEST_DIFFERENT_CHARACTERS)
    return "is made of words that are guessed first";
  return undefined;
}

// Look-alikes first ("p4ssw0rd"), then the words, longest first, then what digits are left.
function withoutCommonWords(letters: string): string {
  const plain = letters.replaceAll("0", "o").replaceAll("4", "a").replaceAll("3", "e").replaceAll("5", "s");
  const rests = [letters, plain].map((text) => {
    let rest = text;
    for (const word of [...common].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(word, " ");
    return rest.replaceAll(/[\d\s]/g, "");
  });
  return rests[0]!.length <= rests[1]!.length ? rests[0]! : rests[1]!;
}

function isSequence(characters: readonly string[]): boolean {
  const codes = characters.map((character) => character.codePointAt(0)!);
  const step = codes[1]! - codes[0]!;
  return codes.every((code, index) => index === 0 || code - codes[index - 1]! === step);
}
