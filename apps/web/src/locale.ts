/**
 * The language that the panel speaks, and how it writes numbers, dates and names in it. Nothing else names a language;
 * another one is this word, its messages in place of the English ones (docs/adr), and `english-only.ts` of the build.
 */
const LOCALE = "en";

const numbers = new Intl.NumberFormat(LOCALE);
const names = new Intl.Collator(LOCALE);
const plurals = new Intl.PluralRules(LOCALE);

/** 1234 as "1,234". */
export const inNumbers = (n: number): string => numbers.format(n);

/** "1 secret", "1,234 secrets": the words for one and for any other number. */
export const counted = (n: number, one: string, other: string): string =>
  `${inNumbers(n)} ${plurals.select(n) === "one" ? one : other}`;

/** Which of two names comes first in a list. */
export const inOrderOfNames = (a: string, b: string): number => names.compare(a, b);

/** How dates are written: with these parts. */
export const dates = (parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(LOCALE, parts);

/** How a distance of time is said. */
export const distances = (): Intl.RelativeTimeFormat =>
  new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
