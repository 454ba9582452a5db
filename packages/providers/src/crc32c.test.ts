import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

// RFC 3720, appendix B.4: its bytes are in the order of the wire, so reversed here.
test.each<[string, Uint8Array, number]>([
  ["32 zeroes", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["the check string", Buffer.from("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
])("CRC-32C agrees with RFC 3720: %s", (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});
