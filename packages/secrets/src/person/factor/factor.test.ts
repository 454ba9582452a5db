import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../../router/context.ts";
import { verbs } from "../../router/verbs.ts";
import { type House, openHouse } from "../../testing/house.ts";
import { makeOperator, PASSWORD } from "../../testing/people.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

let sequence = 0;
const at = (session: string) => requestInfo({ session });
const now = async () =>
  (await house.sql<{ now: Date }>("SELECT control_plane.clock() AS now"))[0]!.now.getTime();
/** The code of an app, so many half minutes from now. */
const codeAt = async (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: (await now()) + steps * 30_000 });

/** Somebody with an authenticator app, which has shown one code already: the one of now. */
async function withApp() {
  const email = `person-${++sequence}@example.com`;
  const first = await makeOperator(house.server, email);
  const { people } = house.server;
  const { secret, uri } = await people.beginTotp(at(first), { current: PASSWORD });
  const { started, recoveryCodes } = await people.confirmTotp(at(first), { code: await codeAt(secret) });
  const signIn = (code?: string) =>
    people.signIn(requestInfo({}), { email, password: PASSWORD, ...(code === undefined ? {} : { code }) });
  return {
    email,
    first,
    session: started.secret,
    secret,
    uri,
    recoveryCodes: recoveryCodes!,
    signIn,
    people,
  };
}

/** A code is good from half a minute before its own half minute until half a minute after: none of these is used up. */
const later = async (steps: number) => house.moveClock(`${steps * 30} seconds`);

test("an authenticator app is asked for from then on; sessions of before end, and the one that asked goes on as another", async () => {
  const { people, first, session, signIn, secret, uri, email } = await withApp();
  expect(uri).toBe(
    `otpauth://totp/Keyfold:${encodeURIComponent(email)}?issuer=Keyfold&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
  );
  expect(await codeOf(people.me(at(first)))).toBe("unauthenticated");
  expect(await people.me(at(session))).toMatchObject({
    factorRequired: true,
    factors: [{ kind: "totp", name: "Authenticator app" }],
    recoveryCodesLeft: 10,
  });
  expect(await codeOf(signIn())).toBe("factor_required");
  expect(await codeOf(signIn("000000"))).toBe("unauthenticated");
  const next = await signIn(await codeAt(secret, 1));
  expect((await people.me(at(next.secret))).factorAt).not.toBe(null);
});

test("a code counts once, a little early or late, with spaces as apps show it, and not from the past or the future", async () => {
  const { signIn, secret } = await withApp();
  try {
    await later(10);
    const code = await codeAt(secret);
    expect(await codeOf(signIn(`${code.slice(0, 3)} ${code.slice(3)}`))).toBe("allowed");
    expect(await codeOf(signIn(code))).toBe("unauthenticated");
    // One that came before the last that was used is used up, too.
    expect(await codeOf(signIn(await codeAt(secret, -1)))).toBe("unauthenticated");
    await later(20);
    expect(await codeOf(signIn(await codeAt(secret, 2)))).toBe("unauthenticated");
    expect(await codeOf(signIn(await codeAt(secret, -2)))).toBe("unauthenticated");
    expect(await codeOf(signIn(await codeAt(secret, -1)))).toBe("allowed");
    expect(await codeOf(signIn(await codeAt(secret, 1)))).toBe("allowed");
    for (const bad of ["12345", "1234567", "abcdef", "１２３４５６", " ", "0".repeat(64)])
      expect(await codeOf(signIn(bad)), bad).toBe("unauthenticated");
  } finally {
    await house.moveClock("0");
  }
});

test("the same code from two browsers at once lets one in", async () => {
  const { signIn, secret } = await withApp();
  const code = await codeAt(secret, 1);
  const codes = await Promise.all([signIn(code), signIn(code), signIn(code)].map(codeOf));
  expect(codes.sort()).toEqual(["allowed", "unauthenticated", "unauthenticated"]);
});

test("a recovery code stands in for the app, once, however it is typed; new ones end the old", async () => {
  const { people, signIn, recoveryCodes, secret, session } = await withApp();
  expect(new Set(recoveryCodes).size).toBe(10);
  expect(await codeOf(signIn(` ${recoveryCodes[0]!.toLowerCase().replace("-", " ")} `))).toBe("allowed");
  expect(await codeOf(signIn(recoveryCodes[0]))).toBe("unauthenticated");
  const { recoveryCodes: next, started } = await people.renewRecoveryCodes(at(session));
  expect(await codeOf(signIn(recoveryCodes[1]))).toBe("unauthenticated");
  expect(await codeOf(signIn(next![0]))).toBe("allowed");
  expect((await people.me(at(started.secret))).recoveryCodesLeft).toBe(9);
  // Another person's code is nobody else's.
  const other = await withApp();
  expect(await codeOf(other.signIn(next![1]))).toBe("unauthenticated");
  expect(await codeOf(signIn(await codeAt(secret, 1)))).toBe("allowed");
});

test("what changes how one signs in asks for a fresh proof: the password, or a factor of the last five minutes", async () => {
  const email = "fresh@example.com";
  const session = await makeOperator(house.server, email);
  const { people } = house.server;
  for (const given of [{}, { current: "wrong, and not real" }])
    expect((await refusalOf(people.beginTotp(at(session), given))).issues?.[0]?.path).toBe("current");
  const password = "another copper lantern 9, not real";
  expect(await codeOf(people.changePassword(at(session), { password }))).toBe("bad_input");
  const app = await withApp();
  const { id } = (await people.me(at(app.session))).factors[0]!;
  try {
    await house.moveClock("6 minutes");
    expect(await codeOf(people.removeFactor(at(app.session), id))).toBe("factor_required");
    expect(await codeOf(people.renewRecoveryCodes(at(app.session)))).toBe("factor_required");
    expect(await codeOf(people.changePassword(at(app.session), { current: PASSWORD, password }))).toBe(
      "factor_required",
    );
    // Proved anew, in a session that takes this one's place.
    expect((await refusalOf(people.stepUp(at(app.session), { code: "000000" }))).issues?.[0]?.path).toBe(
      "code",
    );
    const proved = await people.stepUp(at(app.session), { code: await codeAt(app.secret) });
    expect(await codeOf(people.me(at(app.session)))).toBe("unauthenticated");
    const changed = await people.changePassword(at(proved.secret), { password });
    expect(await codeOf(people.me(at(proved.secret)))).toBe("unauthenticated");
    const removed = await people.removeFactor(at(changed.secret), id);
    expect(await people.me(at(removed.started.secret))).toMatchObject({
      factorRequired: false,
      factors: [],
      recoveryCodesLeft: 0,
    });
    expect(await codeOf(people.signIn(requestInfo({}), { email: app.email, password }))).toBe("allowed");
  } finally {
    await house.moveClock("0");
  }
});

test("proving a factor is tried ten times, and an app that was not confirmed is none", async () => {
  const { people, session, secret } = await withApp();
  const codes = [];
  for (let i = 0; i < 11; i++) codes.push(await codeOf(people.stepUp(at(session), { code: "000000" })));
  expect(codes).toEqual([...Array(10).fill("bad_input"), "too_many_attempts"]);
  expect(await codeOf(people.stepUp(at(session), { code: await codeAt(secret, 1) }))).toBe(
    "too_many_attempts",
  );
  const other = await makeOperator(house.server, "unconfirmed@example.com");
  const begun = await people.beginTotp(at(other), { current: PASSWORD });
  expect(await codeOf(people.stepUp(at(other), { code: await codeAt(begun.secret) }))).toBe("bad_input");
  expect(await people.me(at(other))).toMatchObject({ factorRequired: false, factors: [] });
  // Begun anew, the first secret is worth nothing.
  const second = await people.beginTotp(at(other), { current: PASSWORD });
  expect(await codeOf(people.confirmTotp(at(other), { code: await codeAt(begun.secret) }))).toBe("bad_input");
  expect(await codeOf(people.confirmTotp(at(other), { code: await codeAt(second.secret) }))).toBe("allowed");
});

test("`operator reset` brings in who has lost their app, and the audit log shows every step", async () => {
  const { people, email, signIn, first, session, secret: app } = await withApp();
  await people.stepUp(at(session), { code: await codeAt(app, 1) });
  const { secret } = await people.host.resetOperator(email);
  expect((await people.acceptLink(requestInfo({}), { secret, password: PASSWORD }))?.person.operator).toBe(
    true,
  );
  expect(await codeOf(signIn())).toBe("allowed");
  expect(await codeOf(people.me(at(first)))).toBe("unauthenticated");
  const { events } = await house.as(house.operatorToken).audit.list({ deployment: true, limit: 500 });
  const seen = new Set(events.map((event) => event.action));
  for (const action of [
    "person.factor_added",
    "person.factor_proved",
    "operator.reset",
    "person.password_reset",
  ])
    expect(seen).toContain(action);
});

/* Someone who writes to the database, past every policy and trigger, and holds no key. */
test.each([
  ["takes the factor's row away", "DELETE FROM control_plane.person_factors WHERE person_id = $1"],
  ["says that none is asked for", "UPDATE control_plane.people SET factor_required = false WHERE id = $1"],
  [
    "lets a used code count again",
    "UPDATE control_plane.person_factors SET counter = 0 WHERE person_id = $1 AND kind = 'totp'",
  ],
  [
    "puts another person's app in its place",
    `UPDATE control_plane.person_factors f SET sealed = o.sealed, dek_wrap = o.dek_wrap
     FROM control_plane.person_factors o WHERE f.person_id = $1 AND o.person_id <> $1 AND f.kind = 'totp' AND o.kind = 'totp'`,
  ],
  [
    "puts another person's password in its place",
    `UPDATE control_plane.people SET password =
     (SELECT o.password FROM control_plane.people o WHERE o.id <> $1 AND o.password IS NOT NULL LIMIT 1) WHERE id = $1`,
  ],
  ["lifts a suspension", "UPDATE control_plane.people SET suspended_at = NULL WHERE id = $1"],
])("a database writer who %s is refused by name, and nobody is let in", async (what, sql) => {
  await withApp();
  const { people, session, signIn, secret } = await withApp();
  const { id } = await people.me(at(session));
  if (what.startsWith("lifts")) await people.host.suspend(id);
  await house.tamper(sql, [id]);
  expect(await codeOf(signIn(await codeAt(secret, 1)))).toBe("integrity_failed");
});

test("a database writer who makes somebody an operator, or a session another's, is refused by name", async () => {
  const { people, session } = await withApp();
  const { id } = await people.me(at(session));
  const other = await makeOperator(house.server, "moved@example.com");
  await house.tamper(
    "UPDATE control_plane.sessions SET person_id = $1 WHERE person_id = (SELECT id FROM control_plane.people WHERE email = 'moved@example.com')",
    [id],
  );
  const list = (secret: string) => house.server.invoke(verbs.tenants.list, at(secret), {});
  expect(await codeOf(list(other))).toBe("integrity_failed");
  await house.tamper("UPDATE control_plane.sessions SET factor_at = now() WHERE person_id = $1", [id]);
  expect(await codeOf(list(session))).toBe("integrity_failed");
});
