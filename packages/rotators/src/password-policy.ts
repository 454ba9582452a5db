import type { Below } from "./uniform.ts";

/** Characters of one class, and how many of them a password must have. */
export interface CharacterClass {
  characters: string;
  atLeast: number;
}

/**
 * A password, each one that the policy allows as likely as any other. Drawing characters first and then "making sure" of
 * a digit would favour some; drawing whole passwords until one fits may take for ever. So first the number of
 * characters of each class is drawn, weighted by how many passwords have these numbers; then their order; then each.
 * @param classes disjoint, each with at least one character; together asking for no more than `length`
 */
export function drawPassword(length: number, classes: readonly CharacterClass[], below: Below): string {
  const ways = waysTable(length, classes);
  const pattern: number[] = [];
  let left = length;
  classes.forEach(({ characters, atLeast }, index) => {
    let drawn = below(ways[index]![left]!);
    for (let count = atLeast; count <= left; count++) {
      const weight =
        choose(left, count) * BigInt(characters.length) ** BigInt(count) * ways[index + 1]![left - count]!;
      if (drawn < weight) {
        for (let n = 0; n < count; n++) pattern.push(index);
        left -= count;
        return;
      }
      drawn -= weight;
    }
    throw new RangeError("a policy asks for more characters than a password has");
  });
  // Fisher and Yates.
  for (let at = pattern.length - 1; at > 0; at--) {
    const other = Number(below(BigInt(at + 1)));
    [pattern[at], pattern[other]] = [pattern[other]!, pattern[at]!];
  }
  return pattern
    .map((index) => {
      const { characters } = classes[index]!;
      return characters[Number(below(BigInt(characters.length)))]!;
    })
    .join("");
}

/** How many passwords of this length the policy allows. */
export function countPasswords(length: number, classes: readonly CharacterClass[]): bigint {
  return waysTable(length, classes)[0]![length]!;
}

/** `table[i][n]`: in how many ways the classes from `i` on fill `n` places. */
function waysTable(length: number, classes: readonly CharacterClass[]): bigint[][] {
  const table: bigint[][] = Array.from({ length: classes.length + 1 }, () => []);
  for (let n = 0; n <= length; n++) table[classes.length]![n] = n === 0 ? 1n : 0n;
  for (let index = classes.length - 1; index >= 0; index--) {
    const { characters, atLeast } = classes[index]!;
    const powers = powersOf(BigInt(characters.length), length);
    for (let n = 0; n <= length; n++) {
      let sum = 0n;
      for (let count = atLeast; count <= n; count++) {
        const rest = table[index + 1]![n - count]!;
        if (rest !== 0n) sum += choose(n, count) * powers[count]! * rest;
      }
      table[index]![n] = sum;
    }
  }
  return table;
}

function powersOf(base: bigint, upTo: number): bigint[] {
  const powers = [1n];
  for (let n = 1; n <= upTo; n++) powers.push(powers[n - 1]! * base);
  return powers;
}

/** Pascal's triangle, as far as it was needed. */
const triangle: bigint[][] = [[1n]];

function choose(n: number, k: number): bigint {
  for (let row = triangle.length; row <= n; row++) {
    const above = triangle[row - 1]!;
    triangle.push(Array.from({ length: row + 1 }, (_, at) => (above[at - 1] ?? 0n) + (above[at] ?? 0n)));
  }
  return triangle[n]![k]!;
}
