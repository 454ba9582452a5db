import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { toFailure } from "./data/failure.ts";
import { isSignedIn } from "./data/people.ts";
import { Crash, NoSuchPage } from "./frame/crash.tsx";
import { safePath } from "./sign-in/safe-path.ts";

/** What of the overview's view stands in its address: filters, and never what was searched for. */
const OVERVIEW = ["project", "show", "folder", "tag", "a", "b"] as const;
type OverviewSearch = Partial<Record<(typeof OVERVIEW)[number], string>>;

// One route per screen; each screen's code is loaded when it is first opened.
const root = createRootRoute({ component: Outlet, notFoundComponent: NoSuchPage, errorComponent: Crash });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string; ended?: boolean } => ({
    ...(safePath(search.next) === "/" ? {} : { next: safePath(search.next) }),
    ...(search.ended === true ? { ended: true } : {}),
  }),
  component: lazyRouteComponent(() => import("./sign-in/sign-in-page.tsx"), "SignInPage"),
});

const elsewhere = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/elsewhere",
  component: lazyRouteComponent(() => import("./sign-in/elsewhere-page.tsx"), "ElsewherePage"),
});

/** What a one-time link opens, whoever is or is not signed in. */
const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: lazyRouteComponent(() => import("./sign-in/welcome-page.tsx"), "WelcomePage"),
});

const choose = createRoute({
  getParentRoute: () => root,
  path: "/choose",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    safePath(search.next) === "/" ? {} : { next: safePath(search.next) },
  component: lazyRouteComponent(() => import("./sign-in/choose-page.tsx"), "ChoosePage"),
});

/** Everything that needs a session. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ location }) => {
    // Whoever is not signed in needs nothing of what calls the verbs.
    const { loadIdentity } = await import("./data/identity.ts");
    try {
      return { identity: await loadIdentity() };
    } catch (error) {
      if (toFailure(error).code !== "unauthenticated") throw error;
      const search = location.href === "/" ? {} : { next: location.href };
      throw redirect({ to: (await isSignedIn()) ? "/choose" : "/sign-in", search });
    }
  },
  component: lazyRouteComponent(() => import("./frame/frame.tsx"), "Frame"),
  errorComponent: Crash,
});

const start = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: ({ context: { identity } }) => {
    throw identity.tenant === null
      ? redirect({ to: "/tenants", replace: true })
      : redirect({ to: "/t/$tenant", params: { tenant: identity.tenant.slug }, replace: true });
  },
});

const account = createRoute({
  getParentRoute: () => app,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/account-page.tsx"), "AccountPage"),
});

/** What the command line opens when a person signs in with it. */
const connect = createRoute({
  getParentRoute: () => app,
  path: "/connect",
  component: lazyRouteComponent(() => import("./connect/connect-page.tsx"), "ConnectPage"),
});

const tenants = createRoute({
  getParentRoute: () => app,
  path: "/tenants",
  component: lazyRouteComponent(() => import("./tenants/tenants-page.tsx"), "TenantsPage"),
});

const keys = createRoute({
  getParentRoute: () => app,
  path: "/keys",
  component: lazyRouteComponent(() => import("./keys/keys-page.tsx"), "KeysPage"),
});

const health = createRoute({
  getParentRoute: () => app,
  path: "/health",
  component: lazyRouteComponent(() => import("./health/health-page.tsx"), "HealthPage"),
});

const fleet = createRoute({
  getParentRoute: () => app,
  path: "/fleet",
  validateSearch: (search: Record<string, unknown>): { needs?: string; environment?: string } => ({
    ...(typeof search.needs === "string" ? { needs: search.needs } : {}),
    ...(typeof search.environment === "string" ? { environment: search.environment } : {}),
  }),
  component: lazyRouteComponent(() => import("./fleet/fleet-page.tsx"), "FleetPage"),
});

const tenant = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant",
  validateSearch: (search: Record<string, unknown>): { project?: string } =>
    typeof search.project === "string" ? { project: search.project } : {},
  component: lazyRouteComponent(() => import("./place/first-place.tsx"), "FirstPlace"),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/audit",
  component: lazyRouteComponent(() => import("./audit/audit-page.tsx"), "AuditPage"),
});

const overview = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/overview",
  validateSearch: (search: Record<string, unknown>): OverviewSearch =>
    Object.fromEntries(
      OVERVIEW.flatMap((key) => (typeof search[key] === "string" ? [[key, search[key]]] : [])),
    ),
  component: lazyRouteComponent(() => import("./matrix/matrix-page.tsx"), "MatrixPage"),
});

const rotation = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/rotation",
  component: lazyRouteComponent(() => import("./rotation/rotation-page.tsx"), "RotationPage"),
});

const webhooks = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/webhooks",
  validateSearch: (search: Record<string, unknown>): { endpoint?: string } =>
    typeof search.endpoint === "string" ? { endpoint: search.endpoint } : {},
  component: lazyRouteComponent(() => import("./webhooks/webhooks-page.tsx"), "WebhooksPage"),
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/inbox",
  component: lazyRouteComponent(() => import("./inbox/inbox-page.tsx"), "InboxPage"),
});

const members = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/members",
  component: lazyRouteComponent(() => import("./members/members-page.tsx"), "MembersPage"),
});

const approvals = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/approvals",
  validateSearch: (search: Record<string, unknown>): { ask?: true } =>
    search.ask === true ? { ask: true } : {},
  component: lazyRouteComponent(() => import("./approvals/approvals-page.tsx"), "ApprovalsPage"),
});

const access = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/access",
  validateSearch: (search: Record<string, unknown>): { person?: string } =>
    typeof search.person === "string" ? { person: search.person } : {},
  component: lazyRouteComponent(() => import("./access/access-page.tsx"), "AccessPage"),
});

const federation = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/federation",
  component: lazyRouteComponent(() => import("./federation/federation-page.tsx"), "FederationPage"),
});

// Not below /t, where a project could have any name.
const goToSecret = createRoute({
  getParentRoute: () => app,
  path: "/go/$tenant/$secretId",
  component: lazyRouteComponent(() => import("./place/go-to-secret.tsx"), "GoToSecret"),
});

const tokens = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/tokens",
  component: lazyRouteComponent(() => import("./tokens/tokens-page.tsx"), "TokensPage"),
});

const links = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/links",
  component: lazyRouteComponent(() => import("./links/links-page.tsx"), "LinksPage"),
});

const secrets = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/$project/$environment",
  validateSearch: (search: Record<string, unknown>): { create?: true } =>
    search.create === true ? { create: true } : {},
  component: lazyRouteComponent(() => import("./secrets/secrets-page.tsx"), "SecretsPage"),
});

const edit = createRoute({
  getParentRoute: () => app,
  path: "/t/$tenant/$project/$environment/edit",
  component: lazyRouteComponent(() => import("./staged/edit-page.tsx"), "EditPage"),
});

const secret = createRoute({
  getParentRoute: () => secrets,
  path: "s/$secretId",
  component: lazyRouteComponent(() => import("./secrets/secret-drawer.tsx"), "SecretDrawer"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    elsewhere,
    welcome,
    choose,
    app.addChildren([
      start,
      account,
      connect,
      tenants,
      fleet,
      health,
      keys,
      tenant,
      audit,
      overview,
      rotation,
      webhooks,
      goToSecret,
      inbox,
      members,
      approvals,
      access,
      federation,
      tokens,
      links,
      edit,
      secrets.addChildren([secret]),
    ]),
  ]),
  // Loads a screen's code when its link is hovered or focused; no screen loads data before it is opened.
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
