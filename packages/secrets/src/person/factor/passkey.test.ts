import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../../router/context.ts";
import { type House, openHouse } from "../../testing/house.ts";
import { makeOperator, PASSWORD } from "../../testing/people.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";
import { softAuthenticator } from "../../testing/soft-authenticator.ts";

const SITE = { rpId: "keyfold.example", origins: ["https://keyfold.example"] };
const HERE = { rpId: "keyfold.example", origin: "https://keyfold.example" };

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

let sequence = 0;
const at = (session: string) => requestInfo({ session });

/** Somebody with a passkey. */
async function withPasskey() {
  const email = `passkey-${++sequence}@example.com`;
  const first = await makeOperator(house.server, email);
  const { people } = house.server;
  const key = softAuthenticator();
  const options = await people.beginPasskey(at(first), SITE, { current: PASSWORD });
  const added = await people.addPasskey(at(first), SITE, {
    name: "Laptop",
    response: key.make(options.challenge, HERE),
  });
  const ask = async () => (await people.askForPasskey(SITE)).challenge;
  const signIn = (response: unknown, request = requestInfo({})) =>
    people.signInByPasskey(request, SITE, { response });
  return {
    email,
    first,
    session: added.started.secret,
    codes: added.recoveryCodes,
    key,
    people,
    ask,
    signIn,
  };
}

test("a passkey signs in by itself, with a factor proved; the password alone does not do any more", async () => {
  const { email, first, session, codes, key, people, ask, signIn } = await withPasskey();
  expect(codes?.length).toBe(10);
  expect(await codeOf(people.me(at(first)))).toBe("unauthenticated");
  const started = await signIn(key.prove(await ask(), HERE));
  const me = await people.me(at(started.secret));
  expect(me).toMatchObject({ email, factorRequired: true, factors: [{ kind: "passkey", name: "Laptop" }] });
  expect(me.factorAt).not.toBe(null);
  expect(await codeOf(people.signIn(requestInfo({}), { email, password: PASSWORD }))).toBe("factor_required");
  // In a session of one's own it proves a factor, and that session ends.
  const next = await signIn(key.prove(await ask(), HERE), at(session));
  expect(await codeOf(people.me(at(session)))).toBe("unauthenticated");
  expect(await codeOf(people.me(at(next.secret)))).toBe("allowed");
  // In somebody else's it signs in, and leaves theirs alone.
  const other = await makeOperator(house.server, `other-${sequence}@example.com`);
  const mine = await signIn(key.prove(await ask(), HERE), at(other));
  expect((await people.me(at(mine.secret))).email).toBe(email);
  expect(await codeOf(people.me(at(other)))).toBe("allowed");
});

test("an answer counts once, for the question that was asked, and for five minutes", async () => {
  const { key, ask, signIn, people, session } = await withPasskey();
  const answer = key.prove(await ask(), HERE);
  expect(await codeOf(signIn(answer))).toBe("allowed");
  expect(await codeOf(signIn(answer))).toBe("bad_input");
  expect(await codeOf(signIn(key.prove("bm90IGEgcmVhbCBjaGFsbGVuZ2U", HERE)))).toBe("bad_input");
  const challenge = await ask();
  try {
    await house.moveClock("5 minutes 1 second");
    expect(await codeOf(signIn(key.prove(challenge, HERE)))).toBe("bad_input");
  } finally {
    await house.moveClock("0");
  }
  // A question of another kind, or another person's, is not answered by it.
  const { challenge: adding } = await people.beginPasskey(at(session), SITE, {});
  expect(await codeOf(signIn(key.prove(adding, HERE)))).toBe("bad_input");
  const other = await withPasskey();
  const { challenge: theirs } = await people.beginPasskey(at(other.session), SITE, {});
  expect(
    await codeOf(
      people.addPasskey(at(session), SITE, { name: "X", response: softAuthenticator().make(theirs, HERE) }),
    ),
  ).toBe("bad_input");
});

test("a passkey from another site, without a PIN or a finger, of another key, or that counts back is refused", async () => {
  const { key, ask, signIn } = await withPasskey();
  const evil = { rpId: "keyfold.example", origin: "https://evil.example" };
  const elsewhere = { rpId: "evil.example", origin: "https://keyfold.example" };
  expect(await codeOf(signIn(key.prove(await ask(), evil)))).toBe("bad_input");
  expect(await codeOf(signIn(key.prove(await ask(), elsewhere)))).toBe("bad_input");
  expect(await codeOf(signIn(key.prove(await ask(), HERE, 0x01)))).toBe("bad_input");
  const stranger = softAuthenticator();
  expect(await codeOf(signIn(stranger.prove(await ask(), HERE)))).toBe("unauthenticated");
  expect(await codeOf(signIn({ ...stranger.prove(await ask(), HERE), id: key.id, rawId: key.id }))).toBe(
    "bad_input",
  );
  key.setCounter(100);
  expect(await codeOf(signIn(key.prove(await ask(), HERE)))).toBe("allowed");
  key.setCounter(50);
  expect(await codeOf(signIn(key.prove(await ask(), HERE)))).toBe("bad_input");
  for (const response of [{}, null, { ...key.prove(await ask(), HERE), response: { clientDataJSON: "e30" } }])
    expect(await codeOf(signIn(response))).toBe("bad_input");
});

test("one that was removed, and one of somebody who is suspended, is not known any more", async () => {
  const one = await withPasskey();
  const { id } = (await one.people.me(at(one.session))).factors[0]!;
  await one.people.removeFactor(at(one.session), id);
  const two = await withPasskey();
  await two.people.host.suspend((await two.people.me(at(two.session))).id);
  for (const { key, ask, signIn } of [one, two]) {
    const error = await refusalOf(signIn(key.prove(await ask(), HERE)));
    expect([error.code, error.message]).toEqual(["unauthenticated", "This passkey is not known here."]);
  }
});

test.each([
  [
    "gives somebody else's passkey to a person",
    "UPDATE control_plane.person_factors SET person_id = $1 WHERE person_id = $2",
  ],
  [
    "puts another public key in its place",
    "UPDATE control_plane.person_factors SET public_key = decode('a5', 'hex') WHERE person_id = $2 AND kind = 'passkey' AND $1::uuid IS NOT NULL",
  ],
])("a database writer who %s is refused by name", async (_, sql) => {
  const target = await withPasskey();
  const { key, ask, signIn, people, session } = await withPasskey();
  const ids = [(await people.me(at(target.session))).id, (await people.me(at(session))).id];
  await house.tamper(sql, ids);
  expect(await codeOf(signIn(key.prove(await ask(), HERE)))).toBe("integrity_failed");
});
