import { Transform, type TransformCallback } from "node:stream";

const MASK = Buffer.from("[redacted]");
/** Shorter ones are part of too much that is no secret. */
const SHORTEST = 4;

/**
 * Masks values in a stream of bytes, also where a value comes in pieces. What could be the beginning of a value is held
 * back until it is known not to be one, and nothing else is: a prompt shows at once.
 */
export function redacting(values: Iterable<string>): Transform {
  const forms = new Set<string>();
  for (const value of values) {
    forms.add(value);
    forms.add(JSON.stringify(value).slice(1, -1)); // as a log of JSON lines writes it
    if (value.includes("\n")) for (const line of value.split(/\r?\n/)) forms.add(line);
  }
  const needles = [...forms]
    .filter((form) => form.length >= SHORTEST)
    .map((form) => Buffer.from(form, "utf8"))
    .sort((a, b) => b.length - a.length);
  let held = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const { clean, rest } = mask(Buffer.concat([held, chunk]), needles, false);
      held = rest;
      done(null, clean);
    },
    flush(done: TransformCallback) {
      done(null, mask(held, needles, true).clean);
    },
  });
}

function mask(
  bytes: Buffer,
  needles: readonly Buffer[],
  ended: boolean,
): { clean: Buffer; rest: Buffer<ArrayBuffer> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    let first = -1;
    let length = 0;
    for (const needle of needles) {
      const found = bytes.indexOf(needle, at);
      if (found !== -1 && (first === -1 || found < first)) [first, length] = [found, needle.length];
    }
    const keep = ended ? bytes.length : heldFrom(bytes, at, needles);
    const end = first === -1 ? 0 : endOf(bytes, first, first + length, needles);
    // Another value may begin before this one ends, and end in a chunk that is still to come.
    if (first === -1 || keep < end) {
      const from = first === -1 ? keep : Math.min(first, keep);
      parts.push(bytes.subarray(at, from));
      return { clean: Buffer.concat(parts), rest: Buffer.from(bytes.subarray(from)) };
    }
    parts.push(bytes.subarray(at, first), MASK);
    at = end;
  }
}

/** Where values end that overlap each other: what one leaves over of the next is masked with it. */
function endOf(bytes: Buffer, first: number, end: number, needles: readonly Buffer[]): number {
  let from = first + 1;
  for (;;) {
    let further = end;
    for (const needle of needles)
      for (let at = bytes.indexOf(needle, from); at !== -1 && at < end; at = bytes.indexOf(needle, at + 1))
        further = Math.max(further, at + needle.length);
    if (further === end) return end;
    [from, end] = [end - 1, further];
  }
}

/** Where the longest end of the bytes begins that could be the beginning of a value. */
function heldFrom(bytes: Buffer, from: number, needles: readonly Buffer[]): number {
  let earliest = bytes.length;
  for (const needle of needles)
    for (let start = Math.max(from, bytes.length - needle.length + 1); start < earliest; start++)
      if (bytes.compare(needle, 0, bytes.length - start, start, bytes.length) === 0) earliest = start;
  return earliest;
}
