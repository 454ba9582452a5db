/** A type of an array's elements: its object id in PostgreSQL's catalog (pg_type.dat), and the bytes that each takes. */
type ElementType = readonly [oid: number, size: number];

export const UUID_ARRAY: ElementType = [2950, 16];
export const INT_ARRAY: ElementType = [23, 4];
export const BIGINT_ARRAY: ElementType = [20, 8];

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
/** What a hex digit stands for, by its character's code. */
const DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) {
  DIGITS[digit.toString(16).charCodeAt(0)] = digit;
  DIGITS[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}
/** Where each byte of a UUID stands in its text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/**
 * An array of one dimension without nulls, in the binary format that PostgreSQL's array_recv() reads:
 * dimensions (1) ‖ flags (0) ‖ the elements' type ‖ length ‖ first index (1), and for each element its length and bytes, all
 * numbers of 4 bytes, big endian.
 */
export class BinaryArray {
  /** Whole once as many elements were added as were announced. */
  readonly bytes: Buffer;
  readonly #size: number;
  #at = HEADER_BYTES;

  constructor([oid, size]: ElementType, length: number) {
    this.bytes = Buffer.allocUnsafe(HEADER_BYTES + length * (LENGTH_BYTES + size));
    this.#size = size;
    this.bytes.writeInt32BE(1, 0);
    this.bytes.writeInt32BE(0, 4);
    this.bytes.writeInt32BE(oid, 8);
    this.bytes.writeInt32BE(length, 12);
    this.bytes.writeInt32BE(1, 16);
  }

  /** @param uuid as PostgreSQL writes one */
  pushUuid(uuid: string): void {
    let at = this.#next();
    for (const place of PLACES)
      this.bytes[at++] = (DIGITS[uuid.charCodeAt(place)]! << 4) | DIGITS[uuid.charCodeAt(place + 1)]!;
  }

  pushInt(value: number): void {
    this.bytes.writeInt32BE(value, this.#next());
  }

  pushBigint(value: bigint): void {
    this.bytes.writeBigInt64BE(value, this.#next());
  }

  #next(): number {
    const at = this.bytes.writeInt32BE(this.#size, this.#at);
    this.#at = at + this.#size;
    return at;
  }
}
