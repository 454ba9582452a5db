/** Every copy of `bytes` with exactly one bit flipped, and the offset of its byte. */
export function* bitFlips(bytes: Uint8Array): Generator<{ offset: number; flipped: Buffer }> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    const offset = bit >> 3;
    flipped[offset]! ^= 1 << (bit & 7);
    yield { offset, flipped };
  }
}

/** Every proper beginning of `bytes`, the empty one first. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length);
}
