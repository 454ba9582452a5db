import { randomBytes, randomUUID } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { RotatorError } from "./error.ts";
import { defineRotator } from "./rotator.ts";

const config = z.strictObject({
  /** 4: 122 random bits. 7: sorts by time, tells when it was made, and has 74 random bits. */
  version: z.union([z.literal(4), z.literal(7)]).default(4),
});

/** UUIDs of RFC 9562, versions 4 and 7. */
export const uuidRotator = defineRotator({
  kind: "uuid",
  title: "UUID: version 4 or 7",
  config,
  state: z.strictObject({}),
  worksAtOnce: () => Number.POSITIVE_INFINITY,
  async make({ config, now }) {
    const text = config.version === 4 ? randomUUID() : uuidV7(now.getTime(), randomBytes(10));
    return { value: SecretValue.ofText(text), state: {} };
  },
  async test({ config, pending }) {
    const form = new RegExp(
      `^[0-9a-f]{8}-[0-9a-f]{4}-${config.version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
    );
    if (!form.test((await pending()).unsafelyText())) throw new RotatorError("test_failed");
  },
});

/**
 * A UUID of version 7 (RFC 9562, section 5.7).
 * @param milliseconds since 1970, below 2^48
 * @param random 10 bytes, of which 74 bits are used
 */
export function uuidV7(milliseconds: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
