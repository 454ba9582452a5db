/** The sentences of the list of tenants, for operators. */
export const te = {
  title: "Tenants",
  lead: "Each tenant has keys and an audit log of its own.",
  create: "New tenant",
  slug: "Slug",
  slugHint: "Lower-case letters, digits and inner hyphens. It stands in addresses and code.",
  name: "Name",
  created: "Created",
  submit: "Create tenant",
  busy: "Making its keys…",
  none: "No tenants yet",
  noneText: "A tenant is one customer of yours: the unit of isolation. Make the first one.",
  tableLabel: "Tenants",
  firstTitle: (slug: string) => `${slug} is ready`,
  firstText:
    "This is the tenant's first token. It may do everything in the tenant, and it is shown this once.",
  firstFailed:
    "The tenant exists, but its first token could not be made. You can make it on its Tokens page.",
  go: "Open the tenant",
} as const;
