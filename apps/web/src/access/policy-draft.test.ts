import { expect, test } from "vitest";
import { draftOf, policyOf } from "./policy-draft.ts";

const ENVIRONMENT = "00000000-0000-4000-8000-000000000001";

test("a policy that is opened and saved again is the same one", () => {
  const policy = {
    services: ["billing", "checkout"],
    environments: [ENVIRONMENT],
    mfa: true,
    writeOnly: true,
    approvals: "all",
  } as const;
  expect(
    policyOf(draftOf({ ...policy, services: [...policy.services], environments: [ENVIRONMENT] })),
  ).toEqual(policy);
  expect(policyOf(draftOf(null))).toBeNull();
});

test("nothing asked for is no policy, and an empty list lets everybody in rather than nobody", () => {
  const none = draftOf(null);
  expect(policyOf({ ...none, services: " \n\n" })).toBeNull();
  expect(policyOf({ ...none, services: " checkout \ncheckout\nbilling" })).toEqual({
    services: ["checkout", "billing"],
    environments: null,
    mfa: false,
    writeOnly: false,
    approvals: null,
  });
  expect(policyOf({ ...none, mfa: true })).toMatchObject({ services: null, environments: null });
});
