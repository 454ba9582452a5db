import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { app } from "./root.ts";

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
  staticData: { needs: "person" },
  component: lazyRouteComponent(() => import("../account/account-page.tsx"), "AccountPage"),
});

/** What the command line opens when a person signs in with it. */
const connect = createRoute({
  getParentRoute: () => app,
  path: "/connect",
  component: lazyRouteComponent(() => import("../connect/connect-page.tsx"), "ConnectPage"),
});

const tenants = createRoute({
  getParentRoute: () => app,
  path: "/tenants",
  staticData: { needs: "tenant.list" },
  component: lazyRouteComponent(() => import("../tenants/tenants-page.tsx"), "TenantsPage"),
});

const keys = createRoute({
  getParentRoute: () => app,
  path: "/keys",
  staticData: { needs: "key.status" },
  component: lazyRouteComponent(() => import("../keys/keys-page.tsx"), "KeysPage"),
});

const health = createRoute({
  getParentRoute: () => app,
  path: "/health",
  staticData: { needs: "deployment.status" },
  component: lazyRouteComponent(() => import("../health/health-page.tsx"), "HealthPage"),
});

const fleet = createRoute({
  getParentRoute: () => app,
  path: "/fleet",
  validateSearch: (search: Record<string, unknown>): { needs?: string; environment?: string } => ({
    ...(typeof search.needs === "string" ? { needs: search.needs } : {}),
    ...(typeof search.environment === "string" ? { environment: search.environment } : {}),
  }),
  staticData: { needs: "tenant.fleet" },
  component: lazyRouteComponent(() => import("../fleet/fleet-page.tsx"), "FleetPage"),
});

/** What belongs to no tenant: the way in, one's own account, and an operator's pages. */
export const deploymentRoutes = [start, account, connect, tenants, fleet, health, keys] as const;
