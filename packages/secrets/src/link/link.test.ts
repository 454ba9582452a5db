import { afterAll, beforeAll, expect, test } from "vitest";
import { openAnswer } from "../flow/open-answer.ts";
import { requestInfo } from "../router/context.ts";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { personOf } from "../testing/person.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";
import { shownByLink } from "./open.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

const VALUE = "sk_test_not_a_real_key";
const nobody = () => requestInfo({ ip: "192.0.2.7", userAgent: "a customer's browser" });
/** A link as whoever was sent its address holds it. */
const held = (url: string) => {
  const { pathname, hash } = new URL(url);
  return { id: pathname.split("/")[2]!, secret: hash.slice(1) };
};
let sequence = 0;

/** A tenant with an owner and a developer, who signed in, and its admin token. */
async function tenant() {
  const made = await house.tenant(`links-${++sequence}`);
  const owner = await personOf(house.server, made.id, "Olga");
  await made.caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  return { ...made, owner };
}
const links = () => house.server.links;
const handIn = (url: string, value = VALUE) => links().handIn(nobody(), { ...held(url), value });
const open = async (url: string) => openAnswer(shownByLink, await links().open(nobody(), held(url)));
const told = async (caller: Caller, action: string) =>
  (await caller.audit.list({ action })).events.map(({ action: of, outcome, target, details }) => ({
    action: of,
    outcome,
    target: target?.id,
    details,
  }));

test("a customer hands in a value that the product's code reads and no person does; the receipt says nothing of it", async () => {
  const { caller, owner } = await tenant();
  const { link, url } = await caller.links.request({
    name: "STRIPE_SECRET_KEY",
    label: "Your Stripe key",
    origins: ["https://app.example.com", "http://localhost:3000"],
  });
  expect(url).toMatch(new RegExp(`^https://links\\.example\\.com/l/${link.id}#[A-Za-z0-9_-]{43}$`));
  expect(JSON.stringify(await caller.links.list({}))).not.toContain(held(url).secret);
  // Looking uses nothing up, however often.
  for (const _ of [1, 2, 3])
    expect(await links().look(nobody(), held(url))).toMatchObject({
      kind: "request",
      label: "Your Stripe key",
      writeOnly: true,
      origins: ["https://app.example.com", "http://localhost:3000"],
    });
  expect(await links().frames(link.id)).toEqual(["https://app.example.com", "http://localhost:3000"]);
  const receipt = await handIn(url);
  expect(receipt).toEqual({ reference: link.id, receivedAt: expect.stringMatching(/Z$/) });
  expect((await caller.secrets.reveal({ name: "STRIPE_SECRET_KEY" })).value).toBe(VALUE);
  const secret = await owner.caller.secrets.get({ name: "STRIPE_SECRET_KEY" });
  expect(secret.accessPolicy).toMatchObject({ writeOnly: true });
  expect(secret.createdBy).toMatchObject({ type: "job", name: "a link" });
  expect(await codeOf(owner.caller.secrets.reveal({ name: "STRIPE_SECRET_KEY" }))).toBe("forbidden");
  expect(await codeOf(owner.caller.links.share({ name: "STRIPE_SECRET_KEY" }))).toBe("forbidden");
  // Not even by a link that a token makes.
  expect(await codeOf(caller.links.share({ name: "STRIPE_SECRET_KEY" }))).toBe("forbidden");
  expect((await caller.links.list({})).links).toMatchObject([
    { id: link.id, state: "used", secretId: secret.id, version: 1 },
  ]);
  // Once; and that it came again is told.
  expect(await codeOf(handIn(url))).toBe("link_ended");
  expect(await links().frames(link.id)).toEqual([]);
  await house.server.flush();
  const events = await told(caller, "link");
  for (const [action, outcome] of [
    ["link.requested", "success"],
    ["link.used", "success"],
    ["link.refused", "denied"],
  ])
    expect(events).toContainEqual(expect.objectContaining({ action, outcome, target: link.id }));
  expect(JSON.stringify(events)).not.toContain(VALUE);
});

test("a value that is handed in again is a new version, also where it is the same: nobody learns whether it was", async () => {
  const { caller } = await tenant();
  for (const version of [1, 2]) {
    const { url, link } = await caller.links.request({ name: "K", writeOnly: false });
    await handIn(url);
    const [shown] = (await caller.links.list({})).links;
    expect(shown).toMatchObject({ id: link.id, version });
  }
  expect((await caller.secrets.get({ name: "K" })).accessPolicy).toBeNull();
});

test("regression: a link was made for a secret whose policy refuses whoever asked, where they may not see it", async () => {
  const { caller, owner } = await tenant();
  const { id } = await caller.secrets.create({ name: "K", value: VALUE });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { services: ["billing"] } });
  const actions = ["link.request", "secret.set"] as const;
  const blind = house.as((await caller.tokens.create({ name: "blind", actions: [...actions] })).token!);
  expect(await codeOf(blind.secrets.set({ name: "K", value: VALUE }))).toBe("not_found");
  expect(await codeOf(blind.links.request({ name: "K" }))).toBe("not_found");
  expect(await codeOf(blind.links.request({ name: "NEW" }))).toBe("allowed");
});

test("regression: a value was handed in for whoever asked before the secret's policy shut them out", async () => {
  const { caller, owner } = await tenant();
  const { id } = await caller.secrets.create({ name: "K", value: VALUE });
  const asked = async (consumerName: string) => {
    const { token } = await caller.tokens.create({ name: "t", preset: "writer", consumerName });
    return (await house.as(token!).links.request({ name: "K", writeOnly: false })).url;
  };
  const [mailer, billing] = [await asked("mailer"), await asked("billing")];
  const { url: people } = await owner.caller.links.request({ name: "K", writeOnly: false });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { services: ["billing"] } });
  expect(await codeOf(handIn(mailer))).toBe("link_ended");
  expect(await codeOf(handIn(billing))).toBe("allowed");
  const { environment } = await caller.secrets.get({ id });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { environments: [environment.id] } });
  expect(await codeOf(handIn(people))).toBe("link_ended");
  // A factor that was proved when the value was asked for is not asked for again by who hands it in.
  const fresh = await owner.again({ factorSecondsAgo: 0 });
  await fresh.caller.secrets.setAccessPolicy({ id, policy: { mfa: true } });
  const { url } = await fresh.caller.links.request({ name: "K", writeOnly: false });
  await owner.again({ factorSecondsAgo: 1000 });
  expect(await codeOf(handIn(url))).toBe("allowed");
});

test("regression: a shared value was shown after the secret's policy had shut out whoever shared it", async () => {
  const { caller, owner } = await tenant();
  const { id } = await caller.secrets.create({ name: "K", value: VALUE });
  const shared = async (consumerName: string) => {
    const { token } = await caller.tokens.create({ name: "t", preset: "writer", consumerName });
    return (await house.as(token!).links.share({ name: "K" })).url;
  };
  const [mailer, billing] = [await shared("mailer"), await shared("billing")];
  const { url: people } = await owner.caller.links.share({ name: "K" });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { services: ["billing"] } });
  expect(await codeOf(open(mailer))).toBe("link_ended");
  expect(await codeOf(open(billing))).toBe("allowed");
  const { environment } = await caller.secrets.get({ id });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { environments: [environment.id] } });
  expect(await codeOf(open(people))).toBe("link_ended");
});

test("a write-only secret that one may not see is shared no more than one that is not there", async () => {
  const { caller, owner } = await tenant();
  const { id } = await caller.secrets.create({ name: "K", value: VALUE });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { writeOnly: true } });
  const blind = house.as((await caller.tokens.create({ name: "blind", actions: ["link.share"] })).token!);
  for (const name of ["K", "NONE"]) expect(await codeOf(blind.links.share({ name }))).toBe("not_found");
});

test("regression: pages of links told how many there are out of reach, and their ids", async () => {
  const { caller } = await tenant();
  for (const name of ["a/1", "b/1", "b/2", "a/2", "b/3"]) await caller.links.request({ name });
  const { token } = await caller.tokens.create({ name: "a only", actions: ["link.list"], prefix: "a/" });
  const reader = house.as(token!);
  const first = await reader.links.list({ limit: 1 });
  expect(first.links.map(({ name }) => name)).toEqual(["a/2"]);
  const second = await reader.links.list({ limit: 1, cursor: first.nextCursor! });
  expect(second.links.map(({ name }) => name)).toEqual(["a/1"]);
  expect(second.nextCursor).toBeNull();
  expect((await reader.links.list({ limit: 2 })).nextCursor).toBeNull();
});

test.each(["handed in", "opened"] as const)("of five who click at once, a link is %s by one", async (how) => {
  const { caller } = await tenant();
  const { url } =
    how === "handed in"
      ? await caller.links.request({ name: "K" })
      : await caller.links.share({ value: VALUE, label: "A value" });
  const tries = [1, 2, 3, 4, 5].map(() => codeOf(how === "handed in" ? handIn(url) : open(url)));
  expect((await Promise.all(tries)).sort()).toEqual(["allowed", ...Array(4).fill("link_ended")]);
});

test("a share shows a secret's value once, to whoever clicks first, and that is a read like any other", async () => {
  const { caller, owner } = await tenant();
  const { id } = await caller.secrets.create({ name: "K", value: VALUE });
  const { url, link } = await owner.caller.links.share({ name: "K", note: "For the migration" });
  expect(await links().look(nobody(), held(url))).toMatchObject({ kind: "share", label: "K" });
  expect(await links().look(nobody(), held(url))).toMatchObject({ note: "For the migration" });
  expect(await open(url)).toEqual({ value: VALUE, encoding: "utf8" });
  expect(await codeOf(open(url))).toBe("link_ended");
  expect(await codeOf(links().look(nobody(), held(url)))).toBe("link_ended");
  // Read when it was shared, and when it was shown.
  const reads = await told(caller, "secret.accessed");
  expect(reads.map(({ target }) => target)).toEqual([id, id]);
  expect(await told(caller, "link.used")).toMatchObject([{ target: link.id }]);
  // A form takes no value by it, and a request shows none.
  const asked = await caller.links.request({ name: "OTHER" });
  expect(await codeOf(open(asked.url))).toBe("link_ended");
  const shared = await caller.links.share({ value: VALUE });
  expect(await codeOf(handIn(shared.url))).toBe("link_ended");
  expect((await open(shared.url)).value).toBe(VALUE);
});

test("what is shared lies sealed under the link's secret, and is erased with its use, its end, and the version's", async () => {
  const { caller, id: tenantId } = await tenant();
  const sealedOf = async (id: string) =>
    (
      await house.sql<{ sealed: Buffer | null }>(
        "SELECT sealed FROM control_plane.value_links WHERE id = $1",
        [id],
      )
    )[0]!.sealed;
  const share = async (input: object = { value: VALUE }) => caller.links.share(input as { value: string });
  const [used, revoked, late] = [await share(), await share(), await share()];
  expect((await sealedOf(used.link.id))!.includes(VALUE)).toBe(false);
  // Another link's secret opens nothing here, and another link's sealed bytes open nowhere but there.
  expect(await codeOf(open(used.url.replace(/#.*/, `#${held(late.url).secret}`)))).toBe("link_ended");
  await house.tamper(
    `UPDATE control_plane.value_links l SET sealed = o.sealed, dek_wrap = o.dek_wrap
       FROM control_plane.value_links o WHERE l.id = $1 AND o.id = $2`,
    [revoked.link.id, used.link.id],
  );
  expect(await codeOf(open(revoked.url))).toBe("decryption_failed");
  await open(used.url);
  await caller.links.revoke({ id: revoked.link.id });
  expect([await sealedOf(used.link.id), await sealedOf(revoked.link.id)]).toEqual([null, null]);
  expect(await codeOf(open(revoked.url))).toBe("link_ended");
  expect(await codeOf(caller.links.revoke({ id: revoked.link.id }))).toBe("illegal_state");
  const secret = await caller.secrets.create({ name: "K", value: VALUE });
  const ofVersion = await share({ name: "K" });
  await caller.secrets.rotate({ id: secret.id, value: "another", graceSeconds: 0 });
  expect(await codeOf(open(ofVersion.url))).toBe("link_ended");
  expect(await sealedOf(ofVersion.link.id)).not.toBeNull();
  await caller.versions.destroy({ id: secret.id, version: 1, reason: "r", force: true });
  expect(await sealedOf(ofVersion.link.id)).toBeNull();
  const clean = house.server.jobs.find(({ name }) => name === "links.clean")!;
  try {
    await house.moveClock("25 hours");
    await clean.run(new AbortController().signal);
    expect(await sealedOf(late.link.id)).toBeNull();
    expect(await codeOf(open(late.url))).toBe("link_ended");
    await house.moveClock("32 days");
    await clean.run(new AbortController().signal);
    const rows = await house.sql("SELECT 1 FROM control_plane.value_links WHERE tenant_id = $1", [tenantId]);
    expect(rows).toEqual([]);
  } finally {
    await house.moveClock("0");
  }
});

test("a link ends with its time, and all that is of no use looks the same", async () => {
  const { caller } = await tenant();
  const { url, link } = await caller.links.request({ name: "K", seconds: 60 });
  const refused = [
    await refusalOf(links().look(nobody(), { ...held(url), secret: "A".repeat(43) })),
    await refusalOf(links().look(nobody(), { ...held(url), id: "5b0f3c1e-0000-4000-8000-000000000000" })),
  ];
  try {
    await house.moveClock("61 seconds");
    refused.push(await refusalOf(handIn(url)), await refusalOf(links().look(nobody(), held(url))));
    expect((await caller.links.list({})).links[0]).toMatchObject({ id: link.id, state: "expired" });
  } finally {
    await house.moveClock("0");
  }
  for (const error of refused)
    expect([error.code, error.message]).toEqual(["link_ended", refused[0]!.message]);
  expect(await links().frames("5b0f3c1e-0000-4000-8000-000000000000")).toEqual([]);
});

test("a link does what its maker could do still: who may not set asks for nothing, and who may no more gets nothing", async () => {
  const { caller, owner, id } = await tenant();
  const developer = await personOf(house.server, id, "Dev");
  await owner.caller.members.add({ personId: developer.id, name: "Dev", grants: [{ role: "developer" }] });
  const { url } = await developer.caller.links.request({ name: "K" });
  await caller.secrets.create({ name: "SHARED", value: VALUE });
  const shared = await developer.caller.links.share({ name: "SHARED" });
  const other = await developer.caller.links.share({ value: VALUE });
  // Somebody else's value is no matter of theirs; what is there and readable is closed by whoever may.
  expect(await codeOf(developer.caller.links.request({ name: "SHARED" }))).toBe("forbidden");
  expect(await codeOf(developer.caller.links.request({ name: "SHARED", writeOnly: false }))).toBe("allowed");
  await owner.caller.members.change({ personId: developer.id, grants: [{ role: "viewer" }] });
  const codes = await Promise.all([handIn(url), open(shared.url), open(other.url)].map(codeOf));
  expect(codes).toEqual(["link_ended", "link_ended", "link_ended"]);
  expect(await codeOf(developer.caller.links.request({ name: "K" }))).toBe("forbidden");
  const narrow = await caller.tokens.create({
    name: "asks",
    actions: ["link.request", "link.share", "link.list"],
  });
  const asks = house.as(narrow.token);
  expect(await codeOf(asks.links.request({ name: "K" }))).toBe("forbidden");
  expect(await codeOf(asks.links.share({ name: "SHARED" }))).toBe("not_found");
  const token = await caller.tokens.create({ name: "backend", preset: "writer" });
  const framed = await house.as(token.token).links.request({ name: "K" });
  await caller.tokens.revoke({ id: token.details.id });
  expect(await codeOf(handIn(framed.url))).toBe("link_ended");
});

test("where a change takes two people, so does asking for one by a link", async () => {
  const { caller, owner } = await tenant();
  const before = await owner.caller.links.request({ name: "K", environment: "prod" });
  const { environments } = await caller.environments.list({});
  const prod = environments.find(({ name }) => name === "prod")!;
  await owner.caller.environments.protect({ environment: prod.id, protection: "changes" });
  expect(await codeOf(owner.caller.links.request({ name: "K", environment: "prod" }))).toBe(
    "approval_required",
  );
  expect(await codeOf(handIn(before.url))).toBe("link_ended");
});

test.each([
  [
    "lengthens it",
    "UPDATE control_plane.value_links SET expires_at = expires_at + interval '1 year' WHERE id = $1",
  ],
  ["sends it elsewhere", "UPDATE control_plane.value_links SET name = 'OTHER' WHERE id = $1"],
  ["takes its secret's place", "UPDATE control_plane.value_links SET digest = sha256('x') WHERE id = $1"],
  [
    "lets it be framed",
    `UPDATE control_plane.value_links SET origins = '["https://evil.example.com"]' WHERE id = $1`,
  ],
  ["lets people read", "UPDATE control_plane.value_links SET write_only = false WHERE id = $1"],
])("a database writer who %s is refused by name", async (_, sql) => {
  const { caller } = await tenant();
  const { url, link } = await caller.links.request({ name: "K" });
  await house.tamper(sql, [link.id]);
  expect(await codeOf(handIn(url))).toBe("integrity_failed");
  expect(await codeOf(links().frames(link.id))).toBe("integrity_failed");
});

test("a link from before a restore is none: it could have been used since the backup", async () => {
  const { caller } = await tenant();
  const { url } = await caller.links.share({ value: VALUE });
  await house.tamper(
    `INSERT INTO control_plane.restores (number, backup, backup_at, started_at, finished_at)
       VALUES (1, gen_random_uuid(), now(), now(), now())`,
  );
  expect(await codeOf(open(url))).toBe("link_ended");
  await house.tamper("DELETE FROM control_plane.restores");
});

test.each([
  [{ origins: ["https://*.example.com"] }],
  [{ origins: ["http://app.example.com"] }],
  [{ origins: ["https://app.example.com/"] }],
  [{ origins: ["https://app.example.com; script-src *"] }],
  [{ origins: ["null"] }],
  [{ seconds: 59 }],
  [{ seconds: 31 * 86_400 }],
  [{ label: "" }],
  [{ name: "a//b" }],
])("a request with %j is bad input", async (wrong) => {
  const { caller } = await tenant();
  expect(await codeOf(caller.links.request({ name: "K", ...wrong }))).toBe("bad_input");
});

test("what is no value uses nothing up", async () => {
  const { caller } = await tenant();
  const { url } = await caller.links.request({ name: "K" });
  const give = (more: object) => codeOf(links().handIn(nobody(), { ...held(url), ...more }));
  expect(await give({ value: "" })).toBe("bad_input");
  expect(await give({ value: "\ud800" })).toBe("bad_input");
  expect(await give({ value: "?", encoding: "base64" })).toBe("bad_input");
  expect(await give({ value: "x".repeat(1024 * 1024 + 1) })).toBe("too_large");
  expect(await give({ value: "x", secret: "short" })).toBe("bad_input");
  expect(await codeOf(handIn(url))).toBe("allowed");
  expect(await codeOf(caller.links.share({ value: VALUE, name: "K" }))).toBe("bad_input");
  expect(await codeOf(caller.links.share({}))).toBe("bad_input");
});

test("without an origin of its own for links there are none, and whoever asks is told what to switch on", async () => {
  const { token } = await tenant();
  const server = await house.another({ linkOrigin: undefined as never });
  const error = await refusalOf(callerOf(server, token).links.request({ name: "K" }));
  expect([error.code, error.message]).toEqual([
    "illegal_state",
    "Links are not served here. Whoever runs Keyfold switches them on with KEYFOLD_LINKS_PORT.",
  ]);
  await server.close();
});
