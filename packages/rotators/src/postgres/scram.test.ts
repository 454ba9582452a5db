import { expect, test } from "vitest";
import { scramVerifier } from "./scram.ts";

test("a verifier is that of RFC 7677's example", async () => {
  // The example's salt, iterations and password; its server signature follows from this ServerKey.
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  expect(await scramVerifier("pencil", salt, 4096)).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("a verifier of the same password is another each time", async () => {
  expect(await scramVerifier("not-a-real-password")).not.toBe(await scramVerifier("not-a-real-password"));
});

test.each(["", "pass\nword", "paßwort", "x".repeat(1025), "\u00a0"])(
  "a password that SASLprep could change is refused: %j",
  async (password) => {
    await expect(scramVerifier(password)).rejects.toThrow(RangeError);
  },
);
