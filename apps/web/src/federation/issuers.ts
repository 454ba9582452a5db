import type { fe } from "./messages.ts";

export interface IssuerFacts {
  issuer: string;
  claim: string;
  placeholder: string;
}

/** What tokens of well-known issuers look like; the claim must say whose job it is (docs/federation.md). */
export const ISSUERS: Readonly<Record<keyof typeof fe.froms, IssuerFacts>> = {
  github: {
    issuer: "https://token.actions.githubusercontent.com",
    claim: "sub",
    placeholder: "repo:acme/shop:ref:refs/heads/main",
  },
  gitlab: {
    issuer: "https://gitlab.com",
    claim: "sub",
    placeholder: "project_path:acme/shop:ref_type:branch:ref:main",
  },
  kubernetes: { issuer: "", claim: "sub", placeholder: "system:serviceaccount:prod:billing" },
  other: { issuer: "", claim: "sub", placeholder: "" },
};
