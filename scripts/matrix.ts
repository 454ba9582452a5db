import { routes } from "../apps/api/src/rest/routes.ts";
import { matrixPage } from "../packages/secrets/src/access/matrix-page.ts";
import { verbs } from "../packages/secrets/src/router/verbs.ts";

/** Prints the authorization matrix: every procedure of the router and every REST route against who may call it. */
const byVerb = new Map<unknown, string>(
  Object.entries(verbs).flatMap(([noun, of]) =>
    Object.entries(of).map(([name, verb]) => [verb, `${noun}.${name}`] as const),
  ),
);
const ways = new Map<string, string[]>();
for (const { method, path, verb } of routes) {
  const procedure = byVerb.get(verb);
  if (procedure === undefined) throw new Error(`${method} /api${path} leads to no verb of the router`);
  ways.set(procedure, [...(ways.get(procedure) ?? []), `${method} /api${path}`]);
}
process.stdout.write(matrixPage(ways));
