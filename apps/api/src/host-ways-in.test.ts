import { createHash, randomUUID } from "node:crypto";
import { type House, makeOperator, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DOORS } from "./testing/doors.ts";
import { toldTo } from "./testing/told.ts";

/*
 * What is done on the host, by commands and at a start, goes through functions of the server that no door over HTTP leads to.
 * A function that is no door's (ways-in.test.ts), no host's, and is not named as one that says nothing, fails.
 */

const NOT_MINE = "5b0f3c1e-0000-4000-8000-000000000000";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

test("what the host alone does, such as resetting an operator, leaves its event, and so does what it is refused", async () => {
  const { server } = house;
  const acme = await house.tenant("acme");
  const told = toldTo(house, { deployment: server.deployment.id, tenant: acme.id });
  const done = new Set<string>();
  const does = async (name: string, call: () => Promise<unknown>, ...events: string[]) => {
    await told();
    await call().catch(() => {});
    expect(await told(), name).toEqual(events);
    done.add(name);
  };
  const { host } = server.people;
  await makeOperator(server, "host@example.com");
  await does("people.host.hasOperator", () => host.hasOperator());
  await does("hasOperatorToken", () => server.hasOperatorToken());
  await does(
    "people.host.firstOperatorLink",
    () => host.firstOperatorLink(),
    "deployment operator.invited success",
  );
  await does(
    "people.host.resetOperator",
    () => host.resetOperator("host@example.com"),
    "deployment operator.reset success",
  );
  await does(
    "people.host.resetOperator",
    () => host.resetOperator("new@example.com"),
    "deployment operator.invited success",
  );
  const suspended = "deployment person.suspended";
  const [row] = await house.sql<{ id: string }>(
    "SELECT id FROM control_plane.people WHERE email = 'host@example.com'",
  );
  await does("people.host.suspend", () => host.suspend(row!.id), `${suspended} success`);
  await does("people.host.suspend", () => host.suspend(NOT_MINE), `${suspended} not_found`);
  await does(
    "createOperatorToken",
    () => server.createOperatorToken("x"),
    "deployment operator.created success",
  );
  await does(
    "recoverTenant",
    () => server.recoverTenant("acme"),
    ...["deployment token.recovered success", "tenant token.recovered success"],
  );
  await does("recoverTenant", () => server.recoverTenant("nobody"), "deployment token.recovered not_found");
  const id = randomUUID();
  await does(
    "noteBackup",
    () => server.noteBackup({ id, recipients: ["aaaa"] }),
    "deployment deployment.backup_begun success",
  );
  const code = createHash("sha256").update("a code").digest("hex");
  await does(
    "noteKeyBackup",
    () => server.noteKeyBackup({ id, rootKeys: {}, recipients: { aaaa: code } }),
    "deployment key.backup_made success",
  );
  const confirmed = "deployment key.backup_confirmed";
  await does("confirmKeyBackup", () => server.confirmKeyBackup(code), `${confirmed} success`);
  await does("confirmKeyBackup", () => server.confirmKeyBackup(NOT_MINE), `${confirmed} not_found`);

  // Everything that the server has is a door's, the host's, or one of these.
  const names = (of: object, prefix = "") => Object.keys(of).map((name) => prefix + name);
  const through = [...names(server.people, "people."), ...names(server.links, "links.")];
  const all = [...names(server), ...names(host, "people.host."), ...through];
  expect(all.sort()).toEqual([...done, ...DOOR_OF.keys(), ...SAYS_NOTHING].sort());
  for (const [name, door] of DOOR_OF) expect(DOORS, name).toContain(door);
});

/** Through which door over HTTP each function is called, whose events are shown above. */
const DOOR_OF = new Map([
  ["startSession", "POST /session"],
  ["endSession", "DELETE /session"],
  ["exchangeToken", "POST /api/federation/token"],
  ["people.signIn", "POST /session"],
  ["people.signOut", "DELETE /session"],
  ["people.stepUp", "POST /session/factor"],
  ["people.chooseTenant", "POST /session/tenant"],
  ["people.askForPasskey", "POST /session/passkey"],
  ["people.signInByPasskey", "POST /session/passkey/confirm"],
  ["people.beginSignOn", "POST /session/sign-on"],
  ["people.finishSignOn", "POST /session/sign-on/confirm"],
  ["people.me", "GET /people/me"],
  ["people.tenants", "GET /people/me/tenants"],
  ["people.sessions", "GET /people/me/sessions"],
  ["people.endSessions", "DELETE /people/me/sessions"],
  ["people.changePassword", "POST /people/me/password"],
  ["people.beginTotp", "POST /people/me/totp"],
  ["people.confirmTotp", "POST /people/me/totp/confirm"],
  ["people.renewRecoveryCodes", "POST /people/me/recovery-codes"],
  ["people.removeFactor", "DELETE /people/me/factors/:id"],
  ["people.beginPasskey", "POST /people/me/passkeys"],
  ["people.addPasskey", "POST /people/me/passkeys/confirm"],
  ["people.forgotPassword", "POST /people/forgot"],
  ["people.lookAtLink", "POST /people/links/look"],
  ["people.acceptLink", "POST /people/links/accept"],
  ["links.look", "POST /links/look"],
  ["links.handIn", "POST /links/hand-in"],
  ["links.open", "POST /links/open"],
  ["links.frames", "GET /l/:id"],
]);

/** The rest of what a server has, and why it leaves no event of its own. */
const SAYS_NOTHING = [
  ...["invoke", "invokeWarm"], // verbs
  "router", // verbs
  "jobs", // verbs, by the actor "job"
  ...["people", "links", "people.host"], // one by one
  ...["deployment", "publicKey"], // names
  ...["hint", "flush", "close", "noteStranger"], // a process about itself; strangers are what `caller.refused` counts
  ...["keyFacts", "upstreamFacts", "jobRuns"], // counts, for the host's metrics
  "dispatchWebhooks", // a way out
  ...["makeCheckpoint", "newestCheckpoint"], // signs the chains, and says how far
  "finishRestore", // tells each chain: restore/finish.test.ts; until it is done nothing is served or appended
];
