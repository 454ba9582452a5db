/** The sentences of the operator's page on what tenants lack. */
export const f = {
  title: "Fleet",
  lead: "Which tenants lack a key that your product needs. Names and places only; no value is read.",
  needs: "Keys that every tenant needs",
  needsHint: "Names, separated by spaces or commas.",
  environment: "In the environment",
  look: "Look",
  empty: "Name the keys that your product needs",
  emptyText: "Then every tenant that lacks one of them stands here.",
  none: "No tenant lacks any of them",
  noneText: (environment: string) => `Each has a live value in ${environment}.`,
  lacks: "Lacks",
  listLabel: "Tenants that lack a key",
  count: (n: number, more: boolean) =>
    more ? `${n} tenants so far` : n === 1 ? "1 tenant lacks a key" : `${n} tenants lack a key`,
} as const;
