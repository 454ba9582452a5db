import { requestInfo } from "../../router/context.ts";
import type { Caller, House } from "../../testing/house.ts";
import { type Person, personOf } from "../../testing/person.ts";
import type { Acme } from "./acme.fixture.ts";
import { LETTERS, type Role, type TokenName } from "./who-may.fixture.ts";

type TokenFacts = Omit<Parameters<Caller["tokens"]["create"]>[0], "name">;

const make = (by: Caller, facts: TokenFacts) => by.tokens.create({ name: "made", preset: "admin", ...facts });

/** One token for each column of the table. */
export async function tokensOf(house: House, acme: Acme): Promise<Record<TokenName, string>> {
  const { caller, shop } = acme;
  return {
    operator: house.operatorToken,
    admin: acme.token,
    reader: (await make(caller, { preset: "reader" })).token!,
    project: (await make(caller, { projects: ["default"] })).token!,
    environment: (await make(caller, { projects: [shop], environments: ["staging"] })).token!,
    stranger: (await house.tenant("globex")).token,
  };
}

/** A member of acme for each role, one whose membership has ended, and another tenant's owner. */
export async function peopleOf(
  house: House,
  acme: Acme,
): Promise<Record<Role | "ended" | "stranger", Person>> {
  const people = { owner: acme.owner } as Record<Role | "ended" | "stranger", Person>;
  for (const role of Object.keys(LETTERS) as Role[]) people[role] ??= await acme.join(role, role);
  const globex = await house.tenant("globex-people");
  people.stranger = await personOf(house.server, globex.id);
  await globex.caller.members.add({ personId: people.stranger.id, name: "S", grants: [{ role: "owner" }] });

  await house.moveClock("-2 hours");
  people.ended = await personOf(house.server, acme.tenant);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  await people.owner.caller.members.add({
    personId: people.ended.id,
    name: "E",
    grants: [{ role: "owner", expiresAt: anHourAgo }],
  });
  await house.moveClock("0");
  return people;
}

/** Callers that nobody knows any more: tokens that ended, and people whose membership, session or tenant has. */
export async function outcastsOf(house: House, acme: Acme): Promise<Caller[]> {
  const { caller } = acme;
  await house.moveClock("-2 hours");
  const expired = await make(caller, { expiresInSeconds: 3600 });
  await house.moveClock("0");
  const revoked = await make(caller, {});
  await caller.tokens.revoke({ id: revoked.details.id });

  const removed = await acme.join("removed", "admin");
  await caller.members.remove({ personId: removed.id });
  await house.moveClock("-9 hours");
  const asleep = await acme.owner.again({});
  await house.moveClock("0");
  const left = await acme.owner.again({});
  await house.server.endSession(requestInfo({ session: left.session }));

  const orphan = await house.tenant("orphan");
  const orphaned = await personOf(house.server, orphan.id);
  await orphan.caller.members.add({ personId: orphaned.id, name: "O", grants: [{ role: "owner" }] });
  await house.as(house.operatorToken).tenants.delete({ tenant: orphan.id });

  const tokens = [expired.token!, revoked.token!, orphan.token];
  const nobody = [null, "kf_not_a_token", `kf_${"A".repeat(49)}`, "x".repeat(40)];
  return [
    ...[...nobody, ...tokens].map((token) => house.as(token)),
    ...[removed, asleep, left, orphaned].map((person) => person.caller),
  ];
}
