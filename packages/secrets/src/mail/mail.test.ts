import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { makeOperator, PASSWORD } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import type { Letter } from "./transport.ts";

const letters: Letter[] = [];
let failing = false;
let house: House;
beforeAll(async () => {
  house = await openHouse({
    mail: {
      linkTo: (secret) => `https://keyfold.example/welcome#${secret}`,
      async send(letter) {
        if (failing) throw Object.assign(new Error(`550 no such user ${letter.to}`), { code: "EENVELOPE" });
        letters.push(letter);
      },
    },
  });
});
afterAll(() => house.close());
// Whatever a test before this one left waiting.
beforeEach(async () => {
  await house.sql("DELETE FROM control_plane.mails");
  letters.length = 0;
});

const nobody = () => requestInfo({ userAgent: "test" });
const send = async () => {
  const job = house.server.jobs.find(({ name }) => name === "mail.send")!;
  await job.run(new AbortController().signal);
  return letters.splice(0);
};
const secretIn = ({ text }: Letter) => /#([A-Za-z0-9_-]{43})$/m.exec(text)![1]!;

test("an invitation goes by mail, sealed while it waits and gone once it was sent, and its link works", async () => {
  const { caller } = await house.tenant("acme");
  const { secret } = await caller.invitations.create({
    email: "guest@example.com",
    grants: [{ role: "owner" }],
  });
  const [row] = await house.sql<{ text: string }>("SELECT m::text AS text FROM control_plane.mails m");
  for (const word of [secret, Buffer.from(secret).toString("hex"), "guest@example.com"])
    expect(row!.text).not.toContain(word);
  const [letter, ...more] = await send();
  expect(more).toEqual([]);
  expect(letter).toMatchObject({ to: "guest@example.com", subject: "You are invited to acme on Keyfold" });
  expect(secretIn(letter!)).toBe(secret);
  expect(await house.sql("SELECT FROM control_plane.mails")).toEqual([]);
  expect(await send()).toEqual([]);
});

test("an invitation that is refused sends no mail", async () => {
  const { caller } = await house.tenant("refused");
  expect(
    await codeOf(caller.invitations.create({ email: "guest@example.com", grants: [{ role: "viewer" }] })),
  ).toBe("illegal_state");
  expect(await send()).toEqual([]);
});

test("a forgotten password: a link by mail to who is here, nothing to who is not, and one answer to both", async () => {
  const { people } = house.server;
  const session = await makeOperator(house.server, "ada@example.com");
  for (const email of ["ada@example.com", "nobody@example.com"])
    expect(await people.forgotPassword(nobody(), { email })).toBe(undefined);
  const [letter, ...more] = await send();
  expect([letter!.to, more]).toEqual(["ada@example.com", []]);
  const password = "another copper lantern 5, not real";
  // Somebody else's asking again does not end it; its use ends the others.
  await people.forgotPassword(nobody(), { email: "ada@example.com" });
  const [newer] = await send();
  const started = await people.acceptLink(nobody(), { secret: secretIn(letter!), password });
  expect(await codeOf(people.acceptLink(nobody(), { secret: secretIn(newer!), password }))).toBe(
    "link_ended",
  );
  expect(await codeOf(house.server.invoke(verbs.tenants.list, requestInfo({ session }), {}))).toBe(
    "unauthenticated",
  );
  expect(await codeOf(people.me(requestInfo({ session: started!.secret })))).toBe("allowed");
  expect(await codeOf(people.signIn(nobody(), { email: "ada@example.com", password: PASSWORD }))).toBe(
    "unauthenticated",
  );
});

test("a link for a new password is no way past a second factor", async () => {
  const { people } = house.server;
  const session = await makeOperator(house.server, "factor@example.com");
  const { secret: key } = await people.beginTotp(requestInfo({ session }), { current: PASSWORD });
  const { Secret, TOTP } = await import("otpauth");
  const code = new TOTP({ secret: Secret.fromBase32(key) }).generate();
  await people.confirmTotp(requestInfo({ session }), { code });
  await people.forgotPassword(nobody(), { email: "factor@example.com" });
  const [letter] = await send();
  const password = "another copper lantern 6, not real";
  expect(await people.acceptLink(nobody(), { secret: secretIn(letter!), password })).toBe(null);
  expect(await codeOf(people.signIn(nobody(), { email: "factor@example.com", password }))).toBe(
    "factor_required",
  );
});

test("asking ten times sends ten mails at most, to whomever", async () => {
  const { people } = house.server;
  for (const email of ["many@example.com", "never@example.com"]) {
    const codes = [];
    for (let i = 0; i < 12; i++) codes.push(await codeOf(people.forgotPassword(nobody(), { email })));
    expect(codes.filter((code) => code === "allowed").length).toBe(10);
    expect(codes.at(-1)).toBe("too_many_attempts");
  }
});

test("a mail that was not taken on is tried again, later each time, and given up after a day; the log names nobody", async () => {
  await makeOperator(house.server, "again@example.com");
  await house.server.people.forgotPassword(nobody(), { email: "again@example.com" });
  failing = true;
  try {
    expect(await send()).toEqual([]);
    expect(await send()).toEqual([]);
    const [row] = await house.sql<{ attempts: number }>("SELECT attempts FROM control_plane.mails");
    expect(row!.attempts).toBe(1);
    await house.moveClock("31 seconds");
    await send();
    await house.moveClock("1 hour");
    failing = false;
    expect((await send()).map((letter) => letter.to)).toEqual(["again@example.com"]);
    failing = true;
    await house.server.people.forgotPassword(nobody(), { email: "again@example.com" });
    await house.moveClock("26 hours");
    await send();
    expect(await house.sql("SELECT FROM control_plane.mails")).toEqual([]);
  } finally {
    failing = false;
    await house.moveClock("0");
  }
  expect(house.logged.join("")).toContain("EENVELOPE");
  expect(house.logged.join("")).not.toContain("again@example.com");
});

test("where no mail is sent, a forgotten password is a matter for whoever runs it", async () => {
  const mute = await openHouse();
  try {
    expect(await codeOf(mute.server.people.forgotPassword(nobody(), { email: "a@example.com" }))).toBe(
      "illegal_state",
    );
    const { caller } = await mute.tenant("mute");
    await caller.invitations.create({ email: "guest@example.com", grants: [{ role: "owner" }] });
    expect(await mute.sql("SELECT FROM control_plane.mails")).toEqual([]);
  } finally {
    await mute.close();
  }
});
