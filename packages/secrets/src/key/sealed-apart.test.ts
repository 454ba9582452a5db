import { createEnvelope, SecretKey } from "@keyfold/envelope";
import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import { openShare } from "../link/secret.ts";
import { openLetter } from "../mail/queue.ts";
import { stepOf } from "../person/factor/totp.ts";
import { formatSigningSecret, openSigningSecret } from "../webhook/signing-secret.ts";

// Rows as they were written before there was one place that seals them: what is in a database opens for ever.
const TENANT = "00000000-0000-4000-8000-000000000002";
const ID = "00000000-0000-4000-8000-000000000003";
const PERSON = "00000000-0000-4000-8000-000000000004";
const LETTER = {
  id: "3f9e8aa2-ff3a-43c8-bc66-a566c346b972",
  sealed:
    "AQEnVHneWaC4SEwnwcOzD8YjBFniZJHe3wbOAZVK07lbVLHO78+hDY9ncek15kiQ9RIfr2lli8Ox3ycc3ChpA0/eVTk+4B4J7RtO+6wclGykFPakQEmgXrGCfq7zM6nK7c1KAak5IfPsR/itiO2B7rw0o5z7zOr2IRUqk8skYjHTct+abAwF7slN5Tl0UUl9pZAy00qFLwdpU3blv5vS7A==",
  dekWrap: "AQHw462Ae1+B4Vt04idN7iEwBBkJr2vIzHQ29RXnkF9/wdoVRShrH/m1yvF5bhqI5E6bWptABxpviaJ4b0U=",
};
const FACTOR = {
  secret: "NJZBC4327Q3BL56LW4YUK6DXUCRV6MFV",
  sealed:
    "AQFkPvFglHqoPUjNYC9+gZtHVgGR7aC30BXcVJ8xf+on3kndYMaA/lQ7w3Gj9FR0t4wqyxht13ARCt7xR76XCHEZ5qSW0ytuBT2wiSj0X2Wyo/m4Saw3kiUItry1ZVh9J0/p6RUeHlm5bZj7XM2o5FDY",
  dekWrap: "AQH26g1AVf8eEHif81/3XlevZNFdY7mdRybbhxgZ+0CyGTPJLtPL5p/W2aUp1KC9Eu1whLpees/yV/j5KoQ=",
};
const SHARE = {
  sealed:
    "AQFr4mx+SU7ElHylwW4YT18udfBWAi4MOiBOw829D1/oE64aJ/BXpfY50upXbiP6m6NHhLtU3uewGysPBRvVp1hJbyXYeLqpRM4HQ602VYNlLPYH+kR1M5c46kdv/z5ks3jfiQCOSyoJsmDeD/w=",
  dekWrap: "AQHmR1/Zw5/9NUvH+WEqcrhON2gFzKt8EsO8bqGI69gmqqiVcS+8xmFtmrOa/kBhUw5/45zcinPRJcFxjYo=",
};
const SIGNING = {
  shown: "whsec_1DV9Io0gOLW87sEIe/JxYsKX38fI0fTAiXlc8HDyt8U=",
  number: 2,
  term: 3,
  sealed:
    "0101fe52ebd950fdde95a389b62c58ca83b76dd51266fd9394fee7f1edeffb361acac633ef1b5c396bd35c8fab7477dcb415128539f3c3ccb36a6f3d56986ebfc4e06105ae9a0a4b6ae5744bdda1e4a1c7ecd4d518dd86a87644f3319531b0d928291f5e185350518fa1ce4c7e00929eef15cc0973d748fbc6088d3e2a75",
  wrap: "0101de00893ee262ea4a569279e06f30ffd66762ecff00879ac92168bd724c7f3552fcc7b75d3032d37f2e70e83c562bfa256add0b53e08890cd6446777f",
};

const key = (fill: number) => SecretKey.fromBytes(Buffer.alloc(32, fill));
const services = {
  deployment: "00000000-0000-4000-8000-000000000001",
  envelope: createEnvelope(),
  tokenKey: key(1),
  people: { factorKey: key(2), mailKey: key(3) },
  keys: { of: async () => key(4) },
} as unknown as Services;
const bytes = ({ sealed, dekWrap }: { sealed: string; dekWrap: string }) => ({
  sealed: Buffer.from(sealed, "base64"),
  dekWrap: Buffer.from(dekWrap, "base64"),
});
const refused = (error: unknown) => error instanceof KeyfoldError && error.code === "decryption_failed";

test("a letter that waits opens as what it was, and under no other letter's id", () => {
  const letter = { to: "olga@example.com", subject: "s", text: "not a real letter" };
  expect(openLetter(services, { id: LETTER.id, ...bytes(LETTER) })).toEqual(letter);
  expect(() => openLetter(services, { id: ID, ...bytes(LETTER) })).toThrow(expect.toSatisfy(refused));
});

test("an authenticator app's secret opens for its person and factor alone", () => {
  const now = new Date("2026-01-01T00:00:00Z");
  const code = new TOTP({ secret: Secret.fromBase32(FACTOR.secret) }).generate({ timestamp: now.getTime() });
  const step = (personId: string) => stepOf(services, { id: ID, personId, ...bytes(FACTOR) }, code, now, 0n);
  expect(step(PERSON)).toBe(BigInt(now.getTime() / 30_000));
  expect(() => step(TENANT)).toThrow(expect.toSatisfy(refused));
});

test("what a link shares opens with that link's secret, in its tenant", () => {
  const link = { id: ID, secret: "not-a-real-secret" };
  expect(openShare(services, TENANT, link, bytes(SHARE), "utf8").unsafelyText()).toBe("not a real value");
  for (const [tenant, other] of [
    [PERSON, link],
    [TENANT, { ...link, secret: "another" }],
    [TENANT, { ...link, id: TENANT }],
  ] as const)
    expect(() => openShare(services, tenant, other, bytes(SHARE), "utf8")).toThrow(expect.toSatisfy(refused));
});

test("a webhook's signing secret opens for its endpoint, number and term", async () => {
  const { shown, ...stored } = SIGNING;
  expect(formatSigningSecret(await openSigningSecret(services, TENANT, ID, stored))).toBe(shown);
  for (const other of [
    { ...stored, number: 3 },
    { ...stored, term: 2 },
  ])
    await expect(openSigningSecret(services, TENANT, ID, other)).rejects.toSatisfy(refused);
});
