import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { makeOperator, PASSWORD } from "../testing/people.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

/** Failed sign-ins, half of them at each of two addresses. The long form has them at what a guess costs in production. */
const FAILURES = Number(process.env.KEYFOLD_SIGN_IN_FAILURES ?? 80);
const AT_ONCE = 40;

let house: House;
beforeAll(async () => {
  house = await openHouse(FAILURES > 80 ? { passwordCost: { memory: 19_456, passes: 2 } } : {});
});
afterAll(() => house.close());

const at = (session: string) => requestInfo({ session, ip: "192.0.2.7", userAgent: "test browser" });
const nobody = () => requestInfo({ ip: "192.0.2.7", userAgent: "test browser" });
const signIn = (email: string, password = PASSWORD) =>
  house.server.people.signIn(nobody(), { email, password });
const listTenants = (session: string) => house.server.invoke(verbs.tenants.list, at(session), {});
const events = async (action: string) =>
  (await house.as(house.operatorToken).audit.list({ deployment: true, action, limit: 500 })).events;

test("the first operator comes by a link that works once, signs in with a password, and does what operators do", async () => {
  const { people } = house.server;
  const first = await people.host.firstOperatorLink();
  const { secret } = await people.host.firstOperatorLink();
  // Only the newest link is open.
  expect(await codeOf(people.lookAtLink(requestInfo({}), { secret: first.secret }))).toBe("link_ended");
  expect(await people.lookAtLink(requestInfo({}), { secret })).toMatchObject({
    kind: "operator",
    email: null,
    known: false,
  });
  const who = { secret, email: " Ada@Example.com ", name: "Ada", password: PASSWORD };
  const started = await people.acceptLink(nobody(), who);
  expect(await people.host.hasOperator()).toBe(true);
  expect(await codeOf(listTenants(started!.secret))).toBe("allowed");
  expect(await codeOf(people.acceptLink(nobody(), who))).toBe("link_ended");
  const again = await signIn("ada@example.com");
  const me = await house.server.invoke(verbs.identity.get, at(again.secret), {});
  expect(me).toMatchObject({ type: "operator", name: "Ada", via: "session", tenant: null });
  // An operator reveals nothing, however they came in.
  const { slug, caller } = await house.tenant("first");
  const { id } = await caller.secrets.create({ name: "K", value: "not a real value" });
  expect(
    await codeOf(house.server.invoke(verbs.secrets.reveal, at(again.secret), { tenant: slug, id })),
  ).toBe("forbidden");
  const [signedIn] = await events("person.signed_in");
  expect(signedIn).toMatchObject({
    actor: { type: "operator", name: "Ada", via: "password" },
    ip: "192.0.2.7",
  });
  // What they do is told with their name.
  const [created] = await events("person.became_operator");
  expect(created!.actor).toMatchObject({ name: "Ada", via: "link" });
});

test("somebody who is not known, a wrong password and somebody suspended are one answer", async () => {
  await makeOperator(house.server, "known@example.com");
  await makeOperator(house.server, "gone@example.com");
  const [row] = await house.sql<{ id: string }>(
    "SELECT id FROM control_plane.people WHERE email = 'gone@example.com'",
  );
  await house.server.people.host.suspend(row!.id);
  const answers = [];
  for (const [email, password] of [
    ["known@example.com", "another password, not real"],
    ["unknown@example.com", PASSWORD],
    ["gone@example.com", PASSWORD],
    ["known@example.com", `${PASSWORD} `],
  ] as const)
    answers.push(await refusalOf(signIn(email, password)));
  for (const error of answers) {
    expect(error.code).toBe("unauthenticated");
    expect(error.message).toBe(answers[0]!.message);
    expect(error.issues).toBeUndefined();
  }
  expect(await codeOf(signIn("known@example.com"))).toBe("allowed");
});

test("after ten failures nothing more is tried for a quarter of an hour, known or not, and two events tell of thousands", async () => {
  await makeOperator(house.server, "target@example.com");
  const before = (await events("person.signed_in")).filter((e) => e.outcome === "denied").length;
  for (const email of ["target@example.com", "nobody-here@example.com"]) {
    const codes: string[] = [];
    while (codes.length < FAILURES / 2)
      codes.push(
        ...(await Promise.all(
          Array.from({ length: AT_ONCE }, () => codeOf(signIn(email, "wrong, and not real"))),
        )),
      );
    expect(codes.filter((code) => code === "unauthenticated").length).toBe(10);
    expect(codes.filter((code) => code === "too_many_attempts").length).toBe(codes.length - 10);
  }
  // However many there were, one row counts them, and no further than it has to.
  const counted = await house.sql<{ count: string }>(
    "SELECT count FROM control_plane.sign_in_failures ORDER BY count DESC",
  );
  expect(counted.filter(({ count }) => Number(count) >= 10).map(({ count }) => Number(count))).toEqual([
    10, 10,
  ]);
  expect(await codeOf(signIn("target@example.com"))).toBe("too_many_attempts");
  const after = (await events("person.signed_in")).filter((e) => e.outcome === "denied").length;
  expect(after - before).toBe(4);
  try {
    await house.moveClock("16 minutes");
    expect(await codeOf(signIn("target@example.com"))).toBe("allowed");
  } finally {
    await house.moveClock("0");
  }
  // Who signs in has a clean slate.
  for (let i = 0; i < 9; i++) await codeOf(signIn("target@example.com", "wrong, and not real"));
  expect(await codeOf(signIn("target@example.com"))).toBe("allowed");
  expect(await codeOf(signIn("target@example.com", "wrong, and not real"))).toBe("unauthenticated");
});

test("a session ends in every process when it is ended, by its time, and with its person", async () => {
  const session = await makeOperator(house.server, "ends@example.com");
  const other = await house.another();
  expect(await codeOf(listTenants(session))).toBe("allowed");
  await other.people.signOut(at(session));
  expect(await codeOf(listTenants(session))).toBe("unauthenticated");
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => signIn("ends@example.com")));
  const { people } = house.server;
  const sessions = await people.sessions(at(first!.secret));
  expect(sessions.filter((one) => one.current).length).toBe(1);
  expect(sessions[0]).toMatchObject({ ip: "192.0.2.7", userAgent: "test browser", factorAt: null });
  expect(await people.endSessions(at(first!.secret), null)).toEqual({ ended: 2 });
  expect(await codeOf(listTenants(second!.secret))).toBe("unauthenticated");
  expect(await codeOf(listTenants(third!.secret))).toBe("unauthenticated");
  expect(await codeOf(listTenants(first!.secret))).toBe("allowed");
  try {
    await house.moveClock("8 hours 1 minute");
    expect(await codeOf(listTenants(first!.secret))).toBe("unauthenticated");
  } finally {
    await house.moveClock("0");
  }
  const [row] = await house.sql<{ id: string }>(
    "SELECT id FROM control_plane.people WHERE email = 'ends@example.com'",
  );
  await house.server.people.host.suspend(row!.id);
  expect(await codeOf(listTenants(first!.secret))).toBe("unauthenticated");
});

test("nobody ends, or sees, another's session", async () => {
  const mine = await makeOperator(house.server, "mine@example.com");
  const theirs = await makeOperator(house.server, "theirs@example.com");
  const { people } = house.server;
  const [session] = await people.sessions(at(theirs));
  expect((await people.sessions(at(mine))).map((one) => one.id)).not.toContain(session!.id);
  expect(await people.endSessions(at(mine), session!.id)).toEqual({ ended: 0 });
  expect(await codeOf(listTenants(theirs))).toBe("allowed");
});

test("a session that ends while a call of it is under way: the call is refused, and nothing of it is left", async () => {
  const session = await makeOperator(house.server, "race@example.com");
  const [deployment] = await house.sql<{ id: string }>("SELECT id FROM control_plane.deployments");
  const create = () => house.server.invoke(verbs.tenants.create, at(session), { slug: "raced" });
  const [list] = await house.whileChainIsHeld(
    deployment!.id,
    () => [codeOf(listTenants(session))] as const,
    1,
    "UPDATE control_plane.sessions SET ended_at = control_plane.clock(), generation = generation + 1 WHERE ended_at IS NULL AND person_id = (SELECT id FROM control_plane.people WHERE email = 'race@example.com')",
  );
  expect(await list).toBe("unauthenticated");
  expect(await codeOf(create())).toBe("unauthenticated");
});

test("`operator reset` gives a new password and takes second factors away; it is for that person only, and ends every session", async () => {
  const { people } = house.server;
  const session = await makeOperator(house.server, "lost@example.com");
  const other = await makeOperator(house.server, "other@example.com");
  const { secret, known } = await people.host.resetOperator("lost@example.com");
  expect(known).toBe(true);
  expect(await people.lookAtLink(requestInfo({}), { secret })).toMatchObject({
    kind: "reset",
    email: "lost@example.com",
    known: true,
  });
  // Somebody else's address with it changes nothing of theirs: the link says whose it is.
  const fresh = "another copper lantern 7, not real";
  const started = await people.acceptLink(at(other), { secret, email: "other@example.com", password: fresh });
  expect(await codeOf(listTenants(started!.secret))).toBe("allowed");
  expect(await codeOf(listTenants(session))).toBe("unauthenticated");
  expect(await codeOf(listTenants(other))).toBe("allowed");
  expect(await codeOf(signIn("lost@example.com"))).toBe("unauthenticated");
  expect(await codeOf(signIn("lost@example.com", fresh))).toBe("allowed");
  expect(await codeOf(signIn("other@example.com"))).toBe("allowed");
  expect(await codeOf(people.acceptLink(nobody(), { secret, password: fresh }))).toBe("link_ended");
});

test("a link ends by its time, and one that never was looks the same; whoever is here already signs in to take one up", async () => {
  const { people } = house.server;
  const late = await people.host.resetOperator("late@example.com");
  const form = { name: "Late", password: PASSWORD };
  const looked = (secret: string) => refusalOf(people.lookAtLink(requestInfo({}), { secret }));
  await house.moveClock("61 minutes");
  try {
    expect(await codeOf(people.acceptLink(nobody(), { secret: late.secret, ...form }))).toBe("link_ended");
    const ended = await looked(late.secret);
    const [first, ...rest] = (await people.host.firstOperatorLink()).secret;
    for (const never of ["A".repeat(43), [first === "-" ? "_" : "-", ...rest].join("")]) {
      const { code, message } = await looked(never);
      expect([code, message]).toEqual([ended.code, ended.message]);
    }
  } finally {
    await house.moveClock("0");
  }
  // The first operator's link and an address that somebody has.
  const here = await makeOperator(house.server, "here@example.com");
  const { secret } = await people.host.firstOperatorLink();
  expect(await codeOf(people.acceptLink(nobody(), { secret, email: "here@example.com", ...form }))).toBe(
    "name_taken",
  );
  expect(await codeOf(people.acceptLink(at(here), { secret, email: "here@example.com", ...form }))).toBe(
    "allowed",
  );
});

test("of people nothing is stored that signs in: no password, no session, no link", async () => {
  const session = await makeOperator(house.server, "stored@example.com");
  const { secret } = await house.server.people.host.firstOperatorLink();
  const rows = await house.sql<{ text: string }>(
    "SELECT p::text AS text FROM control_plane.people p UNION ALL SELECT s::text FROM control_plane.sessions s UNION ALL SELECT l::text FROM control_plane.person_links l",
  );
  const all = JSON.stringify(rows) + house.logged.join("");
  for (const given of [PASSWORD, session, secret]) {
    expect(all).not.toContain(given);
    expect(all).not.toContain(Buffer.from(given).toString("hex"));
  }
});

test.each([
  ["too short", "short, fake"],
  ["the address", "weak@example.com"],
  ["one character", "aaaaaaaaaaaaaaaa"],
  ["a common word and digits", "password12345678"],
  ["too long", "long, not real ".repeat(20)],
])("a new password that is %s is refused, and not repeated", async (_, password) => {
  const { secret } = await house.server.people.host.resetOperator("weak@example.com");
  const error = await refusalOf(house.server.people.acceptLink(nobody(), { secret, name: "Weak", password }));
  expect([error.code, error.issues?.[0]?.path]).toEqual(["bad_input", "password"]);
  expect(JSON.stringify(error.issues) + error.message).not.toContain(password);
});

test.each([
  ["is no address", { email: "nobody", password: PASSWORD }],
  ["has a line break", { email: "a@b\nBcc: c@d", password: PASSWORD }],
  ["has two addresses", { email: "a@b.example,c@d.example", password: PASSWORD }],
  ["is too long", { email: `${"a".repeat(250)}@example.com`, password: PASSWORD }],
  ["has an empty password", { email: "a@example.com", password: "" }],
  ["has a password with a lone surrogate", { email: "a@example.com", password: "\ud800 not real" }],
  ["has more than it should", { email: "a@example.com", password: PASSWORD, operator: true }],
  ["is no object", "a@example.com"],
])("a sign-in that %s is bad input", async (_, input) => {
  expect(await codeOf(house.server.people.signIn(nobody(), input))).toBe("bad_input");
});
