import { createRouter } from "@tanstack/react-router";
import { deploymentRoutes } from "./routes/deployment.ts";
import { entryRoutes } from "./routes/entry.ts";
import { app, root } from "./routes/root.ts";
import { tenantRoutes } from "./routes/tenant.ts";

export const router = createRouter({
  routeTree: root.addChildren([...entryRoutes, app.addChildren([...deploymentRoutes, ...tenantRoutes])]),
  // Loads a screen's code when its link is hovered or focused; no screen loads data before it is opened.
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** The right without which its screen would only be refused; `person`: a person's own. */
    needs?: string;
  }
}
