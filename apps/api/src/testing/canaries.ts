import { createHash } from "node:crypto";

/** Values with no shape that a pattern would know: what keeps them out must be the code, not the scrubber. */
export const canary = (n: number): string =>
  `canary ${n} über ${createHash("sha256").update(`canary ${n}`).digest("hex").slice(0, 12)} wert`;

/** How a value could stand somewhere, cut at most by what stands before it. */
function spellings(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  // base64 depends on where the value begins in the whole: three ways, without the characters at either end.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "")
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    bytes.toString("hex"),
    encodeURIComponent(value),
    new URLSearchParams({ value }).toString().slice("value=".length),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/** Which of these values stand in a text, in any spelling. */
export function findCanaries(text: string, values: readonly string[]): string[] {
  const low = text.toLowerCase();
  return values.flatMap((value) =>
    spellings(value).filter((s) => text.includes(s) || low.includes(s.toLowerCase())),
  );
}
