import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { toFailure } from "../data/failure.ts";
import { isSignedIn } from "../data/people.ts";
import { Crash, NoSuchPage } from "../frame/crash.tsx";

// One route per screen; each screen's code is loaded when it is first opened.
export const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NoSuchPage,
  errorComponent: Crash,
});

/** Everything that needs a session. */
export const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ location }) => {
    // Whoever is not signed in needs nothing of what calls the verbs.
    const { loadIdentity } = await import("../data/identity.ts");
    try {
      return { identity: await loadIdentity() };
    } catch (error) {
      if (toFailure(error).code !== "unauthenticated") throw error;
      const search = location.href === "/" ? {} : { next: location.href };
      throw redirect({ to: (await isSignedIn()) ? "/choose" : "/sign-in", search });
    }
  },
  component: lazyRouteComponent(() => import("../frame/frame.tsx"), "Frame"),
  errorComponent: Crash,
});
