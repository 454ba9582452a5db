import { afterAll, beforeAll, expect, test } from "vitest";
import { openAnswer } from "../flow/open-answer.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { makeOperator, PASSWORD } from "../testing/people.ts";
import { personOf } from "../testing/person.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

let sequence = 0;
const nobody = () => requestInfo({ ip: "192.0.2.9", userAgent: "test browser" });
const at = (session: string) => requestInfo({ session });

/** A tenant with an owner, who signed in. */
async function tenant() {
  const made = await house.tenant(`team-${++sequence}`);
  const owner = await personOf(house.server, made.id, "Olga");
  await made.caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  const email = `guest-${sequence}@example.com`;
  const invite = (role = "developer", to = email) =>
    owner.caller.invitations.create({ email: to, grants: [{ role }] });
  return { ...made, owner, email, invite };
}
const accept = (secret: string, request = nobody()) =>
  house.server.people.acceptLink(request, { secret, name: "Guest", password: PASSWORD });

test("somebody comes by an invitation, works in the tenant as what they were given, and signs in there again", async () => {
  const { email, invite, owner, id, slug } = await tenant();
  await owner.caller.secrets.create({ name: "K", value: "not a real value" });
  const { secret, invitation } = await invite("developer");
  const { people } = house.server;
  expect(await people.lookAtLink(nobody(), { secret })).toMatchObject({
    kind: "member",
    email,
    known: false,
    tenant: { slug },
  });
  const started = await accept(secret);
  const me = await house.server.invoke(verbs.identity.get, at(started!.secret), {});
  expect(me).toMatchObject({ type: "user", name: "Guest", email, tenant: { id, slug } });
  const read = async (session: string) =>
    openAnswer(
      verbs.secrets.reveal,
      await house.server.invoke(verbs.secrets.reveal, at(session), { name: "K" }),
    );
  expect((await read(started!.secret)).value).toBe("not a real value");
  // Once.
  expect(await codeOf(accept(secret))).toBe("link_ended");
  expect((await owner.caller.invitations.list({})).invitations).toEqual([]);
  // Whoever belongs to one tenant is there at once.
  const again = await people.signIn(nobody(), { email, password: PASSWORD });
  expect((await read(again.secret)).value).toBe("not a real value");
  expect(await people.tenants(at(again.secret))).toMatchObject([{ id, slug }]);
  // Ended, with a membership.
  await owner.caller.members.remove({ personId: me.id });
  expect(await codeOf(read(again.secret))).toBe("unauthenticated");
  const { events } = await owner.caller.audit.list({ action: "member" });
  const told = events.map((event) => [event.action, event.target?.id]);
  expect(told).toContainEqual(["member.invited", invitation.id]);
  expect(told).toContainEqual(["member.invitation_accepted", invitation.id]);
  expect(told).toContainEqual(["member.added", me.id]);
});

test("who is here already signs in to take an invitation up; then they choose between their tenants", async () => {
  const one = await tenant();
  const two = await tenant();
  const first = await accept((await one.invite("viewer")).secret);
  const { secret } = await two.invite("admin", one.email);
  const { people } = house.server;
  // Not the one who holds the link, not somebody else, and not a token's session.
  const stranger = await makeOperator(house.server, "stranger@example.com");
  const ofToken = (await house.server.startSession(requestInfo({ token: two.token }))).secret;
  for (const request of [nobody(), at(stranger), at(ofToken)]) {
    const error = await refusalOf(accept(secret, request));
    expect([error.code, error.message]).toEqual([
      "unauthenticated",
      "This invitation is for somebody who is here already. Sign in as them, and open the link again.",
    ]);
  }
  const there = await accept(secret, at(first!.secret));
  const who = async (session: string) => house.server.invoke(verbs.identity.get, at(session), {});
  expect((await who(there!.secret)).tenant?.id).toBe(two.id);
  expect(await codeOf(who(first!.secret))).toBe("unauthenticated");
  // Two tenants: none of them is chosen by itself.
  const signedIn = await people.signIn(nobody(), { email: one.email, password: PASSWORD });
  expect(await codeOf(who(signedIn.secret))).toBe("unauthenticated");
  expect((await people.tenants(at(signedIn.secret))).map((found) => found.id).sort()).toEqual(
    [one.id, two.id].sort(),
  );
  const chosen = await people.chooseTenant(at(signedIn.secret), { tenant: one.id });
  expect(chosen.expiresAt).toEqual(signedIn.expiresAt);
  expect((await who(chosen.secret)).tenant?.id).toBe(one.id);
  expect(await codeOf(people.me(at(signedIn.secret)))).toBe("unauthenticated");
  // A tenant of others is as good as none.
  const other = await tenant();
  for (const id of [other.id, "5b0f3c1e-0000-4000-8000-000000000000"])
    expect(await codeOf(people.chooseTenant(at(chosen.secret), { tenant: id }))).toBe("not_found");
  expect(await codeOf(people.chooseTenant(at(chosen.secret), { tenant: "acme" }))).toBe("bad_input");
});

test("an invitation ends by its time, when it is cancelled, and when another takes its place; all look the same", async () => {
  const { invite, owner, caller } = await tenant();
  const first = await invite();
  const second = await invite();
  const looks = (secret: string) => refusalOf(house.server.people.lookAtLink(nobody(), { secret }));
  const ended = [await looks(first.secret)];
  const other = await tenant();
  expect(await codeOf(other.owner.caller.invitations.cancel({ id: second.invitation.id }))).toBe("not_found");
  await caller.invitations.cancel({ id: second.invitation.id });
  ended.push(await looks(second.secret));
  const third = await invite();
  try {
    await house.moveClock("7 days 1 minute");
    ended.push(await looks(third.secret));
    expect(await codeOf(accept(third.secret))).toBe("link_ended");
  } finally {
    await house.moveClock("0");
  }
  ended.push(await looks("A".repeat(43)));
  for (const error of ended) expect([error.code, error.message]).toEqual(["link_ended", ended[0]!.message]);
  expect(await codeOf(owner.caller.invitations.cancel({ id: second.invitation.id }))).toBe("not_found");
});

test("nobody invites to more than they hold, at the time of asking and at the time of taking", async () => {
  const { invite, owner, id, email } = await tenant();
  const admin = await personOf(house.server, id, "Adam");
  await owner.caller.members.add({ personId: admin.id, name: "Adam", grants: [{ role: "admin" }] });
  const ask = (role: string) => admin.caller.invitations.create({ email, grants: [{ role }] });
  expect(await codeOf(ask("owner"))).toBe("forbidden");
  const { secret } = await ask("developer");
  await owner.caller.members.change({ personId: admin.id, grants: [{ role: "viewer" }] });
  expect(await codeOf(accept(secret))).toBe("link_ended");
  // And nobody came to be by trying.
  expect(await codeOf(house.server.people.signIn(nobody(), { email, password: PASSWORD }))).toBe(
    "unauthenticated",
  );
  expect(await codeOf(accept((await invite("viewer")).secret))).toBe("allowed");
});

test("an operator invites a tenant's first owner, and nobody after", async () => {
  const operator = house.as(house.operatorToken);
  const slug = `fresh-${++sequence}`;
  await operator.tenants.create({ slug });
  const ask = (role: string) =>
    operator.invitations.create({ tenant: slug, email: `${slug}@example.com`, grants: [{ role }] });
  expect(await codeOf(ask("viewer"))).toBe("illegal_state");
  const { secret } = await ask("owner");
  const started = await accept(secret);
  expect(await house.server.invoke(verbs.identity.get, at(started!.secret), {})).toMatchObject({
    type: "user",
    tenant: { slug },
  });
  expect(await codeOf(ask("owner"))).toBe("forbidden");
});

test.each([
  [
    "widens what it gives",
    `UPDATE control_plane.invitations SET grants = jsonb_set(grants, '{0,role}', '"owner"') WHERE tenant_id = $1`,
  ],
  [
    "sends it to another address",
    "UPDATE control_plane.invitations SET email = 'other@example.com' WHERE tenant_id = $1",
  ],
  [
    "lengthens it",
    "UPDATE control_plane.invitations SET expires_at = expires_at + interval '1 year' WHERE tenant_id = $1",
  ],
])("a database writer who %s is refused by name", async (_, sql) => {
  const { invite, id } = await tenant();
  const { secret } = await invite("viewer");
  await house.tamper(sql, [id]);
  expect(await codeOf(accept(secret))).toBe("integrity_failed");
});

test("the same invitation taken twice at once makes one member", async () => {
  const { invite, owner } = await tenant();
  const { secret } = await invite("viewer");
  const codes = await Promise.all([accept(secret), accept(secret)].map(codeOf));
  expect(codes.filter((code) => code === "allowed").length).toBe(1);
  expect((await owner.caller.members.list({})).members.length).toBe(2);
});
