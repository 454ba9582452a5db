import { verbs } from "@keyfold/secrets";
import { expect, test } from "vitest";
import { routes } from "./routes.ts";

test("every route leads to a verb of the router, which the authorization matrix classifies", () => {
  const known = new Set<unknown>(Object.values(verbs).flatMap((of) => Object.values(of)));
  for (const { method, path, verb } of routes) expect(known.has(verb), `${method} ${path}`).toBe(true);
});
