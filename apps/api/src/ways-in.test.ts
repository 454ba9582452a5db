import { randomUUID } from "node:crypto";
import type { Asked, SignOnProvider } from "@keyfold/secrets";
import { PASSWORD, softAuthenticator } from "@keyfold/secrets/testing";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GuessLimit } from "./http/limits/guess-limit.ts";
import { DOORS } from "./testing/doors.ts";
import { type Answer, type Served, serveHouse } from "./testing/index.ts";
import { toldTo } from "./testing/told.ts";

/*
 * Every way in beside the verbs, and what it leaves in the audit log: of verbs, `audit/events.test.ts` and `refusals.test.ts`
 * in packages/secrets say the same; of what the host alone does, `host-ways-in.test.ts`. A door that `routes.test.ts` knows and
 * this does not, fails.
 */

const PANEL = { "x-keyfold": "panel" };
const NOT_MINE = "5b0f3c1e-0000-4000-8000-000000000000";
const WRONG = "wrong, and not real";
const STRANGER = "deployment caller.refused denied";

/** Knows everybody whom it is asked for, unless the browser says that it does not. */
const provider: SignOnProvider = {
  tenant: "acme",
  issuer: "https://sign-on.example",
  domains: ["acme.example"],
  begin: async ({ state }: Asked, email) => `https://sign-on.example/?state=${state}&login_hint=${email}`,
  finish: async (_, answer) =>
    answer.includes("no=1")
      ? { refused: "the provider said no" }
      : { subject: "sub-of-guest", email: "guest@acme.example", emailVerified: true },
};

let served: Served;
let acme: Awaited<ReturnType<Served["house"]["tenant"]>>;
let told: ReturnType<typeof toldTo>;
beforeAll(async () => {
  served = await serveHouse({
    guesses: new GuessLimit({ most: 1000 }),
    house: { signOn: [provider], mail: { linkTo: (secret) => `#${secret}`, send: async () => {} } },
  });
  acme = await served.house.tenant("acme");
  told = toldTo(served.house, { deployment: served.house.server.deployment.id, tenant: acme.id });
});
afterAll(() => served.close());

const succeeded = new Set<string>();
const refused = new Set<string>();
/** A call through a door that is answered, and what it leaves: exactly. */
async function lets(door: string, call: () => Promise<Answer>, ...events: string[]): Promise<Answer> {
  await told();
  const answer = await call();
  expect(answer.status, `${door}: ${answer.text}`).toBeLessThan(400);
  expect(await told(), door).toEqual(events.map((event) => `${event} success`));
  expect(events.length === 0, door).toBe(SILENT.has(door));
  succeeded.add(door);
  return answer;
}
async function refuses(door: string, call: () => Promise<Answer>, ...events: string[]): Promise<void> {
  await told();
  const answer = await call();
  expect(answer.status, `${door}: ${answer.text}`).toBeGreaterThanOrEqual(400);
  expect(await told(), door).toEqual(events);
  expect(events.length, door).toBeGreaterThan(0);
  refused.add(door);
}

const cookieOf = (answer: Answer) => answer.headers.getSetCookie()[0]!.split(";")[0]!;
/** Somebody's browser: it keeps the newest cookie. */
function browser(cookie = "") {
  const call = async (door: string, body?: unknown, id?: string): Promise<Answer> => {
    const [method, path] = door.split(" ") as [string, string];
    const answer = await served.call(path.replace(":id", id ?? NOT_MINE), {
      method,
      body: method === "POST" ? (body ?? {}) : undefined,
      headers: { ...PANEL, ...(cookie === "" ? {} : { cookie }) },
    });
    if (answer.status < 400 && answer.headers.getSetCookie().length > 0) cookie = cookieOf(answer);
    return answer;
  };
  return { call, cookie: () => cookie };
}
const nobody = browser();

async function invited(email: string): Promise<string> {
  return (await acme.caller.invitations.create({ email, grants: [{ role: "owner" }] })).secret;
}

/**
 * What these answer is the asker's own, or a question to whoever asks: what comes of it is another door's. As `identity.get`,
 * they leave no event where they succeed, and are as loud as any where they refuse.
 */
const SILENT = new Set([
  "GET /people/me",
  "GET /people/me/tenants",
  "GET /people/me/sessions",
  "POST /session/passkey",
  "POST /session/sign-on",
  "POST /people/links/look",
  "POST /links/look",
  "GET /l/:id",
]);
/** Of these there is nothing to refuse. */
const REFUSE_NOTHING = new Set([
  "DELETE /session", // a session that is no more is ended
  "POST /session/passkey", // a question to nobody in particular
  "GET /l/:id", // one page, whether or not there is such a link
]);

async function signsInAndOut(): Promise<void> {
  const { host } = served.house.server.people;
  const { secret } = await host.firstOperatorLink();
  const link = { secret, email: "ada@example.com", name: "Ada", password: PASSWORD };
  const used = { ...link, secret: "A".repeat(43) };
  await lets("POST /people/links/look", () => nobody.call("POST /people/links/look", { secret }));
  await refuses(
    "POST /people/links/look",
    () => nobody.call("POST /people/links/look", { secret: used.secret }),
    STRANGER,
  );
  const accept = "POST /people/links/accept";
  const ada = browser();
  await lets(accept, () => ada.call(accept, link), "deployment person.became_operator");
  await refuses(accept, () => nobody.call(accept, link), STRANGER);
  await refuses(accept, () => ada.call(accept, used), "deployment person.link_refused denied");

  const door = "POST /session";
  const given = { email: "ada@example.com", password: PASSWORD };
  await lets(door, () => ada.call(door, given), "deployment person.signed_in");
  await refuses(
    door,
    () => nobody.call(door, { ...given, password: WRONG }),
    "deployment person.signed_in denied",
    STRANGER,
  );
  await lets("DELETE /session", () => ada.call("DELETE /session"), "deployment person.signed_out");

  const machine = browser();
  await lets(door, () => machine.call(door, { token: acme.token }), "tenant session.started");
  await lets("DELETE /session", () => machine.call("DELETE /session"), "tenant session.ended");
  await refuses(door, () => nobody.call(door, { token: `kf_${"A".repeat(49)}` }), STRANGER);
  const { token } = await acme.caller.tokens.create({ name: "elsewhere", ipRanges: ["192.0.2.0/24"] });
  await refuses(door, () => nobody.call(door, { token }), ...[STRANGER, "tenant session.started denied"]);

  const forgot = "POST /people/forgot";
  await lets(forgot, () => nobody.call(forgot, { email: given.email }), "deployment person.reset_asked");
  await lets(
    forgot,
    () => nobody.call(forgot, { email: "no-one@x.example" }),
    "deployment person.reset_asked",
  );
  for (let i = 0; i < 9; i++) await nobody.call(forgot, { email: given.email });
  await refuses(forgot, () => nobody.call(forgot, { email: given.email }), STRANGER);
}

async function looksAfterThemselves(): Promise<void> {
  const own = browser();
  const accept = "POST /people/links/accept";
  const link = { secret: await invited("guest@acme.example"), name: "Guest", password: PASSWORD };
  await lets(
    accept,
    () => own.call(accept, link),
    ...["deployment person.created", "deployment person.signed_in"],
    ...["tenant member.added", "tenant member.invitation_accepted"],
  );
  const of = (event: string) => `deployment person.${event}`;
  for (const door of ["GET /people/me", "GET /people/me/tenants", "GET /people/me/sessions"])
    await lets(door, () => own.call(door));
  const choose = "POST /session/tenant";
  await lets(choose, () => own.call(choose, { tenant: acme.id }), of("tenant_chosen"));
  await refuses(choose, () => own.call(choose, { tenant: NOT_MINE }), of("tenant_chosen not_found"));
  const ended = "DELETE /people/me/sessions";
  const elsewhere = async () => {
    const other = browser();
    await other.call("POST /session", { email: "guest@acme.example", password: PASSWORD });
    return (await other.call("GET /people/me/sessions")).json.sessions.find(
      (one: { current: boolean }) => one.current,
    ).id as string;
  };
  await elsewhere();
  await lets(ended, () => own.call(ended), of("sessions_ended"));
  const id = await elsewhere();
  await lets(`${ended}/:id`, () => own.call(`${ended}/:id`, undefined, id), of("sessions_ended"));
  const password = "POST /people/me/password";
  const fresh = "another copper lantern 7, not real";
  const change = (current: string) => own.call(password, { current, password: fresh });
  await refuses(password, () => change(WRONG), of("password_changed denied"));
  await lets(password, () => change(PASSWORD), of("password_changed"));

  const totp = "POST /people/me/totp";
  await refuses(totp, () => own.call(totp, { current: WRONG }), of("factor_begun denied"));
  const begun = await lets(totp, () => own.call(totp, { current: fresh }), of("factor_begun"));
  const app = new TOTP({ secret: Secret.fromBase32(begun.json.secret) });
  const confirm = `${totp}/confirm`;
  await refuses(confirm, () => own.call(confirm, { code: "000000" }), of("factor_added denied"));
  const added = await lets(confirm, () => own.call(confirm, { code: app.generate() }), of("factor_added"));
  const codes = added.json.recoveryCodes as string[];
  // Whoever has the password alone is let in no further, and told of.
  await refuses(
    "POST /session",
    () => nobody.call("POST /session", { email: "guest@acme.example", password: fresh }),
    of("signed_in denied"),
  );
  const prove = "POST /session/factor";
  await refuses(prove, () => own.call(prove, { code: "000000" }), of("factor_proved denied"));
  await lets(prove, () => own.call(prove, { code: codes[0]! }), of("factor_proved"));

  const site = { rpId: "127.0.0.1", origin: served.url };
  const key = softAuthenticator();
  const passkeys = "POST /people/me/passkeys";
  const asked = await lets(passkeys, () => own.call(passkeys), of("factor_begun"));
  const made = { name: "Key", response: key.make(asked.json.challenge, site) };
  const keep = `${passkeys}/confirm`;
  await lets(keep, () => own.call(keep, made), of("factor_added"));
  await refuses(keep, () => own.call(keep, made), of("factor_added denied"));
  const ask = "POST /session/passkey";
  const question = async () => (await lets(ask, () => nobody.call(ask))).json.challenge as string;
  const answer = "POST /session/passkey/confirm";
  const first = key.prove(await question(), site);
  await lets(answer, () => browser().call(answer, { response: first }), of("signed_in"));
  const forged = softAuthenticator().prove(await question(), site);
  const named = { ...forged, id: key.id, rawId: key.id };
  const denied = [of("signed_in denied"), STRANGER];
  await refuses(answer, () => nobody.call(answer, { response: named }), ...denied);
  await refuses(answer, () => nobody.call(answer, { response: forged }), STRANGER);

  const renew = "POST /people/me/recovery-codes";
  await lets(renew, () => own.call(renew), of("recovery_codes_made"));
  const remove = "DELETE /people/me/factors/:id";
  await refuses(remove, () => own.call(remove), of("factor_removed not_found"));
  const { factors } = (await own.call("GET /people/me")).json;
  await lets(remove, () => own.call(remove, undefined, factors[0].id), of("factor_removed"));
  try {
    await served.house.moveClock("6 minutes");
    for (const [door, event] of [
      [renew, "recovery_codes_made"],
      [remove, "factor_removed"],
      [passkeys, "factor_begun"],
    ] as const)
      await refuses(door, () => own.call(door), of(`${event} denied`));
  } finally {
    await served.house.moveClock("0");
  }
  for (const door of DOORS.filter((one) => /\/people\/me|\/session\/(factor|tenant)$/.test(one)))
    await refuses(door, () => nobody.call(door, EXAMPLES[door]), STRANGER);

  const on = "POST /session/sign-on";
  const goes = async () => {
    const there = browser();
    const { json } = await lets(on, () => there.call(on, { email: "guest@acme.example" }));
    const state = new URL(json.url).searchParams.get("state")!;
    return (more = "") => there.call(`${on}/confirm`, { answer: `state=${state}${more}` });
  };
  await refuses(on, () => nobody.call(on, { email: "ada@globex.example" }), STRANGER);
  const no = await goes();
  await refuses(`${on}/confirm`, () => no("&no=1"), ...denied);
  await refuses(`${on}/confirm`, () => nobody.call(`${on}/confirm`, { answer: "state=x" }), STRANGER);
  const { factors: left } = (await own.call("GET /people/me")).json;
  for (const factor of left) {
    await own.call("POST /session/factor", { code: codes[1]! });
    await own.call(remove, undefined, factor.id);
  }
  const yes = await goes();
  await lets(`${on}/confirm`, () => yes(), of("sign_on_linked"), of("signed_in"));
}

/** What each would take from a person. */
const EXAMPLES: Record<string, unknown> = {
  "POST /session/factor": { code: "000000" },
  "POST /session/tenant": { tenant: null },
  "POST /people/me/password": { password: "a new one of 24 letters" },
  "POST /people/me/totp/confirm": { code: "000000" },
  "POST /people/me/passkeys/confirm": {
    name: "Key",
    response: softAuthenticator().make("bm90IGEgcmVhbCBjaGFsbGVuZ2U", { rpId: "x", origin: "https://x" }),
  },
};

async function comesFromElsewhere(): Promise<void> {
  const door = "POST /api/federation/token";
  const { issuer } = served.house;
  await acme.caller.federation.create({
    name: "ci",
    issuer: issuer.url,
    audience: "keyfold",
    claims: { sub: "repo:acme/app" },
  });
  const exchange = async (claims: object) => {
    const subject_token = await issuer.sign({ ...claims });
    return served.call("/api/federation/token", { body: { subject_token, tenant: "acme" } });
  };
  await lets(door, () => exchange({}), "tenant token.federated");
  const other = () => exchange({ sub: "repo:evil/app" });
  await refuses(door, other, STRANGER, "tenant token.federated denied");
  await refuses(door, () => exchange({ iss: "https://evil.example" }), STRANGER);

  const at = (path: string, body?: unknown) => served.callLinks(path, { body, headers: PANEL });
  const value = "not a real value";
  const asks = heldBy((await acme.caller.links.request({ name: "HANDED_IN" })).url);
  const shows = heldBy((await acme.caller.links.share({ value })).url);
  const unknown = { ...shows, id: randomUUID() };
  const [look, handIn, open] = ["/links/look", "/links/hand-in", "/links/open"] as const;
  await lets("POST /links/look", () => at(look, asks));
  await refuses("POST /links/look", () => at(look, unknown), STRANGER);
  await lets(
    "POST /links/hand-in",
    () => at(handIn, { ...asks, value }),
    ...["tenant secret.created", "tenant secret.access_policy_set", "tenant link.used"],
  );
  await lets("POST /links/open", () => at(open, shows), "tenant link.used");
  const again = [STRANGER, "tenant link.refused denied"];
  await refuses("POST /links/hand-in", () => at(handIn, { ...asks, value }), ...again);
  await refuses("POST /links/open", () => at(open, shows), ...again);
  await refuses("POST /links/look", () => at(look, shows), ...again);
  // The page itself, the same for every id, says nothing of any; this house has none.
  await told();
  await at(`/l/${shows.id}`);
  expect(await told()).toEqual([]);
  succeeded.add("GET /l/:id");
}

const heldBy = (url: string) => ({
  id: new URL(url).pathname.split("/")[2]!,
  secret: new URL(url).hash.slice(1),
});

test("every way in beside the verbs leaves its audit event, on success and on refusal", async () => {
  await signsInAndOut();
  await looksAfterThemselves();
  await comesFromElsewhere();
  expect([...succeeded].sort()).toEqual([...DOORS].sort());
  expect([...refused].sort()).toEqual(DOORS.filter((door) => !REFUSE_NOTHING.has(door)).sort());
});
