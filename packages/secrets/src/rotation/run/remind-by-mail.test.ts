import { afterEach, beforeEach, expect, test } from "vitest";
import type { Letter } from "../../mail/transport.ts";
import { type House, openHouse } from "../../testing/house.ts";
import { type Person, personOf } from "../../testing/person.ts";

const letters: Letter[] = [];
let house: House;
beforeEach(async () => {
  letters.length = 0;
  house = await openHouse({
    mail: {
      linkTo: (secret) => `https://keyfold.example/welcome#${secret}`,
      send: async (letter) => void letters.push(letter),
    },
  });
});
afterEach(() => house.verify().finally(() => house.close()));

const run = (name: string) => house.server.jobs.find((job) => job.name === name)!.run();
const address = async (person: Person) =>
  (
    await house.sql<{ email: string }>("SELECT email FROM control_plane.people WHERE id = $1", [person.id])
  )[0]!.email;

/** Days later, what was sent: to whom, and about what. */
async function after(days: number): Promise<string[][]> {
  await house.moveClock(`${days} days`);
  await run("rotations.run");
  await run("mail.send");
  return letters.splice(0).map(({ to, subject }) => [to, subject]);
}

test("the owner is reminded by mail; from the third time on whoever owns or administers the tenant is, too, and no stranger", async () => {
  const { id: tenant, caller } = await house.tenant("acme");
  const joins = async (name: string, role: string) => {
    const person = await personOf(house.server, tenant, name);
    await caller.members.add({ personId: person.id, name, grants: [{ role }] });
    return person;
  };
  const [olga, adam, pat] = [
    await joins("Olga", "owner"),
    await joins("Adam", "admin"),
    await joins("Pat", "developer"),
  ];
  await joins("Vera", "viewer");
  // A developer of another tenant by the same name, and one who owns that tenant.
  const { id: globex, caller: other } = await house.tenant("globex");
  const namesake = await personOf(house.server, globex, "Pat");
  await other.members.add({ personId: namesake.id, name: "Pat", grants: [{ role: "owner" }] });

  const { id } = await caller.secrets.create({ name: "STRIPE_KEY", value: "sk_test_not_a_real_key" });
  await caller.rotation.setPolicy({ id, schedule: { everyDays: 30 }, required: true, owner: "pat" });
  expect(await after(15)).toEqual([]);
  expect(await after(17)).toEqual([[await address(pat), "STRIPE_KEY is due for rotation (acme)"]]);
  expect(await after(28)).toHaveLength(1);
  const late = "STRIPE_KEY should have been rotated (acme)";
  const everybody = [await address(olga), await address(adam), await address(pat)].sort();
  expect((await after(31)).sort()).toEqual(everybody.map((to) => [to, late]));
  // Who was suspended or left is written to no more.
  await caller.members.remove({ personId: adam.id });
  expect((await after(38)).map(([to]) => to).sort()).toEqual(
    [await address(olga), await address(pat)].sort(),
  );
});

test("an owner who is named by an address is reminded where a member has it; where none has, whoever owns the tenant is", async () => {
  const { id: tenant, caller } = await house.tenant("hooli");
  const [olga, pat] = [
    await personOf(house.server, tenant, "Olga"),
    await personOf(house.server, tenant, "Pat"),
  ];
  await caller.members.add({ personId: olga.id, name: "Olga", grants: [{ role: "owner" }] });
  await caller.members.add({ personId: pat.id, name: "P.", grants: [{ role: "viewer" }] });
  // Somebody of another tenant: nothing of this one is for them.
  const { id: other } = await house.tenant("piedpiper");
  const stranger = await personOf(house.server, other, "Stranger");
  const expiresAt = new Date(Date.now() + 10 * 86_400_000).toISOString();
  const asked = { PAT: (await address(pat)).toUpperCase(), STRANGER: await address(stranger) };
  for (const [name, owner] of Object.entries(asked)) {
    const { id } = await caller.secrets.create({ name, value: "sk_test_not_a_real_key" });
    await caller.rotation.setPolicy({ id, expiresAt, owner });
  }
  expect((await after(8)).sort()).toEqual(
    [
      [await address(pat), "PAT expires (hooli)"],
      [await address(olga), "STRANGER expires (hooli)"],
    ].sort(),
  );
});

test("where nobody is named, or known by that name, whoever owns the tenant is reminded from the first time on", async () => {
  const { id: tenant, caller } = await house.tenant("initech");
  const owner = await personOf(house.server, tenant, "Olga");
  await caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  const expiresAt = new Date(Date.now() + 10 * 86_400_000).toISOString();
  for (const name of [null, "team-pay"]) {
    const { id } = await caller.secrets.create({ name: `K_${name}`, value: "sk_test_not_a_real_key" });
    await caller.rotation.setPolicy({ id, expiresAt, owner: name });
  }
  await house.moveClock("8 days");
  await run("rotations.run");
  const [row] = await house.sql<{ text: string }>(
    "SELECT string_agg(m::text, ' ') AS text FROM control_plane.mails m",
  );
  expect(row!.text).not.toContain("K_team-pay");
  await run("mail.send");
  const sent = letters.splice(0).filter(({ subject }) => subject.endsWith("(initech)"));
  expect(sent.map(({ to, subject }) => [to, subject]).sort()).toEqual([
    [await address(owner), "K_null expires (initech)"],
    [await address(owner), "K_team-pay expires (initech)"],
  ]);
  expect(sent.find(({ subject }) => subject.startsWith("K_team"))!.text).toContain("Its owner is team-pay.");
  expect(sent.map(({ text }) => text).join()).not.toContain("not_a_real");
});
