import { randomUUID } from "node:crypto";
import type { House } from "../../testing/house.ts";
import { personOf } from "../../testing/person.ts";

/** The tenant that every input is about, and how to make what a call needs: each thing anew, for most calls use it up. */
export type Acme = Awaited<ReturnType<typeof furnishAcme>>;

export async function furnishAcme(house: House) {
  const acme = await house.tenant("acme");
  const operator = house.as(house.operatorToken);
  const { caller } = acme;
  const tenant = acme.id;
  const { id: shop } = await caller.projects.create({ name: "shop" });
  const { environments } = await caller.environments.list({ project: shop });
  const dev = environments.find(({ name }) => name === "dev")!.id;
  const place = { tenant, project: shop, environment: dev };
  /** @param role of the first: owner, for so a tenant begins */
  async function join(name: string, role: string) {
    const person = await personOf(house.server, tenant, name);
    await caller.members.add({ personId: person.id, name, grants: [{ role }] });
    return person;
  }
  const owner = await join("owner", "owner");
  const asker = await join("asker", "developer");

  let sequence = 0;
  const fresh = (prefix: string) => `${prefix}-${++sequence}`;
  let lastWebhook: string | null = null;

  /** A secret of two versions. */
  async function secret() {
    const { id } = await caller.secrets.create({ ...place, name: fresh("S"), value: "first, not real" });
    await caller.secrets.rotate({ id, value: "second, not real" });
    return { tenant, id };
  }
  const rule = () => ({
    name: fresh("rule"),
    issuer: "https://issuer.example.com",
    audience: "keyfold",
    claims: { sub: "repo:acme/app" },
    preset: "writer" as const,
  });
  /** Nobody asks that acme be shredded. */
  async function calm(): Promise<void> {
    await operator.shreds.cancel({ tenant, reason: "a test" }).catch(() => {});
  }

  return {
    tenant,
    token: acme.token,
    caller,
    owner,
    join,
    shop,
    dev,
    place,
    fresh,
    secret,
    rule,
    calm,
    async secretName() {
      return (await caller.secrets.get(await secret())).name;
    },
    async deletedSecret() {
      const made = await secret();
      await caller.secrets.delete(made);
      return made;
    },
    async purgeable() {
      const made = await secret();
      const { name } = await caller.secrets.get({ id: made.id });
      await house.moveClock("-25 hours");
      await caller.secrets.delete({ id: made.id });
      await house.moveClock("0");
      return { ...made, confirm: name, reason: "a test" };
    },
    async consumer() {
      const made = await secret();
      await caller.consumers.declare({ id: made.id, consumer: "billing" });
      return { ...made, consumer: "billing" };
    },
    /** One with a version that a rotation has not finished. */
    async pending() {
      const made = await secret();
      const { version } = await caller.versions.prepare({ id: made.id, value: "third, not real" });
      return { ...made, version };
    },
    async rotating() {
      const made = await secret();
      await caller.rotation.setPolicy({ id: made.id, rotator: { kind: "uuid" } });
      return made;
    },
    /** One whose rotation has failed. */
    async failed() {
      const made = await secret();
      await caller.rotation.setPolicy({ id: made.id, rotator: { kind: "jwt-signing-keys" } });
      await caller.rotation.runNow({ id: made.id });
      return made;
    },
    project: async () => (await caller.projects.create({ name: fresh("p") })).id,
    environment: async () => (await caller.environments.create({ project: shop, name: fresh("e") })).id,
    link: async () => (await caller.links.request({ ...place, name: fresh("S") })).link.id,
    async invitation() {
      const email = `${randomUUID()}@example.com`;
      return (await caller.invitations.create({ email, grants: [{ role: "viewer" }] })).invitation.id;
    },
    /** What somebody asked for. */
    async approval() {
      const asked = { ...(await secret()), kind: "change" as const, reason: "a test" };
      return (await asker.caller.approvals.request(asked)).id;
    },
    async member() {
      const personId = randomUUID();
      await caller.members.add({ personId, name: "P", grants: [{ role: "viewer" }] });
      return personId;
    },
    role: async () => (await caller.roles.create({ name: fresh("role"), actions: ["secret.get"] })).id,
    async webhook() {
      // A tenant has fifty at most.
      if (lastWebhook !== null) await caller.webhooks.delete({ id: lastWebhook }).catch(() => {});
      lastWebhook = (await caller.webhooks.create({ url: "https://hooks.example.com/" })).endpoint.id;
      return lastWebhook;
    },
    spareToken: async () => (await caller.tokens.create({ name: "spare", preset: "writer" })).details.id,
    async exported() {
      await house.server.makeCheckpoint();
      return (await caller.audit.export({})).lines[1]!;
    },
    madeRule: async () => (await caller.federation.create(rule())).id,
    /** Another tenant. */
    spare: async () => (await operator.tenants.create({ slug: fresh("spare") })).id,
    /** Has an operator ask that acme be shredded, anew; answers its slug. */
    async shred() {
      await calm();
      await operator.shreds.request({ tenant, confirm: "acme", reason: "a test" });
      return "acme";
    },
    async deleted() {
      const confirm = fresh("deleted");
      const { id } = await operator.tenants.create({ slug: confirm });
      await operator.tenants.delete({ tenant: id });
      return { tenant: id, confirm };
    },
  };
}
