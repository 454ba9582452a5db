import type { Inputs, Secret } from "../data/trpc.ts";

type Policy = NonNullable<Secret["accessPolicy"]>;

/** An access policy as its form holds it. */
export interface Draft {
  writeOnly: boolean;
  mfa: boolean;
  approvals: "none" | "changes" | "all";
  /** One name a line. */
  services: string;
  environments: readonly string[];
}

export const draftOf = (policy: Policy | null): Draft => ({
  writeOnly: policy?.writeOnly ?? false,
  mfa: policy?.mfa ?? false,
  approvals: policy?.approvals ?? "none",
  services: policy?.services?.join("\n") ?? "",
  environments: policy?.environments ?? [],
});

/** What is sent; null where nothing is asked for. An empty list would let nobody in, so it stands for none. */
export function policyOf(draft: Draft): Inputs["secrets"]["setAccessPolicy"]["policy"] {
  const names = draft.services.split("\n").map((line) => line.trim());
  const services = [...new Set(names.filter((name) => name !== ""))];
  const { writeOnly, mfa, approvals, environments } = draft;
  const asksNothing =
    !writeOnly && !mfa && approvals === "none" && services.length === 0 && environments.length === 0;
  if (asksNothing) return null;
  return {
    writeOnly,
    mfa,
    approvals: approvals === "none" ? null : approvals,
    services: services.length === 0 ? null : services,
    environments: environments.length === 0 ? null : [...environments],
  };
}
