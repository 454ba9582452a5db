import { m } from "../messages.ts";

/** A tenant's pages in the order of the sidebar: what each is called, and the key that leads there after a "g". */
export const TENANT_PAGES = [
  { to: "/t/$tenant/overview", label: m.frame.overview, key: "o" },
  { to: "/t/$tenant", label: m.frame.secrets, key: "s" },
  { to: "/t/$tenant/inbox", label: m.frame.inbox, key: "i" },
  { to: "/t/$tenant/rotation", label: m.frame.rotation, key: "r" },
  { to: "/t/$tenant/webhooks", label: m.frame.webhooks, key: "w" },
  { to: "/t/$tenant/links", label: m.frame.links, key: "l" },
  { to: "/t/$tenant/members", label: m.frame.members, key: "m" },
  { to: "/t/$tenant/approvals", label: m.frame.approvals, key: "p" },
  { to: "/t/$tenant/access", label: m.frame.access, key: "h" },
  { to: "/t/$tenant/tokens", label: m.frame.tokens, key: "t" },
  { to: "/t/$tenant/federation", label: m.frame.federation, key: "f" },
  { to: "/t/$tenant/audit", label: m.frame.audit, key: "a" },
  { to: "/t/$tenant/settings", label: m.frame.settings, key: "e" },
] as const;

/** An operator's pages. */
export const OPERATOR_PAGES = [
  { to: "/tenants", label: m.frame.allTenants },
  { to: "/fleet", label: m.frame.fleet },
  { to: "/health", label: m.frame.health },
  { to: "/keys", label: m.frame.keys },
] as const;
