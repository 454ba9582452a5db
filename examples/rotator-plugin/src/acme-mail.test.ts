import { SecretValue } from "@keyfold/rotators";
import { Rehearsal, rotatorConformance } from "@keyfold/rotators/testing";
import { afterAll, expect, test } from "vitest";
import { acmeMailRotator } from "./acme-mail.ts";
import { startAcmeMail } from "./acme-mail-server.ts";

const ADMIN = "00000000-0000-4000-8000-000000000001";
const credentials = { [ADMIN]: "acme_test_not_a_real_admin_key" };
const acme = await startAcmeMail(credentials[ADMIN]!);
afterAll(() => acme.close());

const rotator = acmeMailRotator({ origin: acme.origin });
const config = { admin: { $secret: ADMIN } };
const start = async () => SecretValue.ofText(acme.byHand());
const works = async (value: SecretValue) =>
  (await fetch(`${acme.origin}/me`, { headers: { authorization: `Bearer ${value.unsafelyText()}` } })).ok;

const suite = rotatorConformance({
  name: "acme-mail",
  rotator,
  config,
  badConfigs: [{}, { admin: "a key in the open" }],
  credentials,
  start,
  works,
  target: {
    takeDown: () => {
      acme.port.down = true;
    },
    loseNextAnswer: () => {
      acme.port.loseAnswerTo = "/enable";
    },
    heal: () => {
      acme.port.down = false;
      acme.port.loseAnswerTo = null;
    },
  },
});
for (const check of suite) test(check.name, check.run);

test("a run that was cut short leaves no key behind that nobody knows", async () => {
  const rehearsal = new Rehearsal({ rotator, config, credentials, current: await start() });
  const before = acme.keys.size;
  rehearsal.begin();
  rehearsal.killAt = { write: "made", when: "before" };
  await rehearsal.drive().catch(() => {});
  expect(acme.keys.size).toBe(before + 1);
  expect(await rehearsal.drive()).toBe("done");
  expect(acme.keys.size).toBe(before + 1);
});
