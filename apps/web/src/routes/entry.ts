import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { safePath } from "../sign-in/safe-path.ts";
import { root } from "./root.ts";

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string; ended?: boolean } => ({
    ...(safePath(search.next) === "/" ? {} : { next: safePath(search.next) }),
    ...(search.ended === true ? { ended: true } : {}),
  }),
  component: lazyRouteComponent(() => import("../sign-in/sign-in-page.tsx"), "SignInPage"),
});

const elsewhere = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/elsewhere",
  component: lazyRouteComponent(() => import("../sign-in/elsewhere-page.tsx"), "ElsewherePage"),
});

/** What a one-time link opens, whoever is or is not signed in. */
const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: lazyRouteComponent(() => import("../sign-in/welcome-page.tsx"), "WelcomePage"),
});

const choose = createRoute({
  getParentRoute: () => root,
  path: "/choose",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    safePath(search.next) === "/" ? {} : { next: safePath(search.next) },
  component: lazyRouteComponent(() => import("../sign-in/choose-page.tsx"), "ChoosePage"),
});

/** What somebody sees who is not at work anywhere yet. */
export const entryRoutes = [signIn, elsewhere, welcome, choose] as const;
