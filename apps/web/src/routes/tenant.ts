import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { partsOf } from "../matrix/view.ts";
import { app } from "./root.ts";

const tenant = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant",
  validateSearch: (search: Record<string, unknown>): { project?: string } =>
    typeof search.project === "string" ? { project: search.project } : {},
  component: lazyRouteComponent(() => import("../place/first-place.tsx"), "FirstPlace"),
});

const overview = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/overview",
  validateSearch: partsOf,
  component: lazyRouteComponent(() => import("../matrix/matrix-page.tsx"), "MatrixPage"),
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/inbox",
  component: lazyRouteComponent(() => import("../inbox/inbox-page.tsx"), "InboxPage"),
});

const rotation = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/rotation",
  staticData: { needs: "rotation.due" },
  component: lazyRouteComponent(() => import("../rotation/rotation-page.tsx"), "RotationPage"),
});

const webhooks = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/webhooks",
  validateSearch: (search: Record<string, unknown>): { endpoint?: string } =>
    typeof search.endpoint === "string" ? { endpoint: search.endpoint } : {},
  staticData: { needs: "webhook.list" },
  component: lazyRouteComponent(() => import("../webhooks/webhooks-page.tsx"), "WebhooksPage"),
});

const links = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/links",
  staticData: { needs: "link.list" },
  component: lazyRouteComponent(() => import("../links/links-page.tsx"), "LinksPage"),
});

const members = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/members",
  staticData: { needs: "member.list" },
  component: lazyRouteComponent(() => import("../members/members-page.tsx"), "MembersPage"),
});

const approvals = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/approvals",
  validateSearch: (search: Record<string, unknown>): { ask?: true; glass?: string } => ({
    ...(search.ask === true ? { ask: true } : {}),
    ...(typeof search.glass === "string" ? { glass: search.glass } : {}),
  }),
  staticData: { needs: "approval.list" },
  component: lazyRouteComponent(() => import("../approvals/approvals-page.tsx"), "ApprovalsPage"),
});

const access = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/access",
  validateSearch: (search: Record<string, unknown>): { person?: string } =>
    typeof search.person === "string" ? { person: search.person } : {},
  component: lazyRouteComponent(() => import("../access/access-page.tsx"), "AccessPage"),
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/tokens",
  validateSearch: (search: Record<string, unknown>): { make?: "token" | "rotate" } =>
    search.make === "token" || search.make === "rotate" ? { make: search.make } : {},
  staticData: { needs: "token.list" },
  component: lazyRouteComponent(() => import("../tokens/tokens-page.tsx"), "TokensPage"),
});

const federation = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/federation",
  staticData: { needs: "federation.list" },
  component: lazyRouteComponent(() => import("../federation/federation-page.tsx"), "FederationPage"),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/audit",
  staticData: { needs: "audit.list" },
  component: lazyRouteComponent(() => import("../audit/audit-page.tsx"), "AuditPage"),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/settings",
  validateSearch: (search: Record<string, unknown>): { make?: string } =>
    typeof search.make === "string" ? { make: search.make } : {},
  staticData: { needs: "project.list" },
  component: lazyRouteComponent(() => import("../settings/settings-page.tsx"), "SettingsPage"),
});

// Not below /t, where a project could have any name.
const goToSecret = createRoute({
  getParentRoute: () => app,
  path: "/go/$tenant/$secretId",
  component: lazyRouteComponent(() => import("../place/go-to-secret.tsx"), "GoToSecret"),
});

const secrets = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/$project/$environment",
  validateSearch: (search: Record<string, unknown>): { create?: true } =>
    search.create === true ? { create: true } : {},
  component: lazyRouteComponent(() => import("../secrets/secrets-page.tsx"), "SecretsPage"),
});

const secret = createRoute({
  getParentRoute: () => secrets,
  path: "s/$secretId",
  component: lazyRouteComponent(() => import("../secrets/secret-drawer.tsx"), "SecretDrawer"),
});

const edit = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/$project/$environment/edit",
  staticData: { needs: "secret.set" },
  component: lazyRouteComponent(() => import("../staged/edit-page.tsx"), "EditPage"),
});

const deleted = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/$project/$environment/deleted",
  staticData: { needs: "secret.restore" },
  component: lazyRouteComponent(() => import("../deleted/deleted-page.tsx"), "DeletedPage"),
});

/** What belongs to one tenant. */
export const tenantRoutes = [
  tenant,
  overview,
  inbox,
  rotation,
  webhooks,
  links,
  members,
  approvals,
  access,
  tokens,
  federation,
  audit,
  settings,
  goToSecret,
  edit,
  deleted,
  secrets.addChildren([secret]),
] as const;
