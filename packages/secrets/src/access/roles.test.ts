import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Verb } from "../flow/verb.ts";
import { verbs } from "../router/verbs.ts";
import { ACTIONS, type Action } from "./actions.ts";
import { PERSON_ACTIONS, ROLE_NAMES, ROLES } from "./roles.ts";
import { rolesPage } from "./roles-page.ts";

test("docs/roles.md is what the roles are", () => {
  const page = readFileSync(new URL("../../../../docs/roles.md", import.meta.url), "utf8");
  expect(page, "node scripts/roles.ts --write").toBe(rolesPage());
});

const REVEALS: readonly Action[] = ["secret.reveal", "version.reveal"];

test("operators, viewers and auditors reveal nothing, and set no value", () => {
  for (const action of [...REVEALS, "secret.create", "secret.set", "secret.rotate"] as const) {
    expect(ACTIONS[action].operator, action).toBe(false);
    for (const role of ["viewer", "auditor"] as const)
      expect(ROLES[role].actions, role).not.toContain(action);
  }
});

test("each role holds only what a person can hold, and no role holds what an owner does not", () => {
  for (const role of ROLE_NAMES) {
    expect(new Set(ROLES[role].actions).size).toBe(ROLES[role].actions.length);
    for (const action of ROLES[role].actions) {
      expect(PERSON_ACTIONS.has(action), `${role} ${action}`).toBe(true);
      expect(ROLES.owner.actions).toContain(action);
    }
  }
});

test("a person is never a consumer, and only an owner ends the tenant", () => {
  expect(PERSON_ACTIONS.has("consumer.ack")).toBe(false);
  const holders = ROLE_NAMES.filter((role) =>
    (ROLES[role].actions as readonly Action[]).includes("tenant.shred"),
  );
  expect(holders).toEqual(["owner"]);
});

test("a viewer and an auditor change nothing", () => {
  const changing = Object.values(verbs)
    .flatMap((of): Verb[] => Object.values(of))
    .filter(({ changes }) => changes);
  for (const role of ["viewer", "auditor"] as const)
    for (const { action } of changing) expect(ROLES[role].actions, role).not.toContain(action);
});
