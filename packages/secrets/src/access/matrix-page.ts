import type { Verb } from "../flow/verb.ts";
import { verbs } from "../router/verbs.ts";
import { openStream } from "../stream/open.ts";
import { ACTIONS, type Action } from "./actions.ts";
import { OF_ONESELF } from "./authorize.ts";
import { ROLE_NAMES, ROLES, type RoleName } from "./roles.ts";

/** A procedure of the router, with the verb behind it. */
export interface Procedure {
  path: string;
  verb: Pick<Verb, "action" | "changes">;
}

/** Every procedure that there is, as the router has them. */
export const procedures: readonly Procedure[] = [
  ...Object.entries(verbs).flatMap(([noun, of]) =>
    Object.entries(of as Record<string, Verb>).map(([name, verb]) => ({ path: `${noun}.${name}`, verb })),
  ),
  // The one that is no verb.
  { path: "events.stream", verb: openStream },
];

/** Whether a role holds an action where it is given for the whole tenant. */
export const roleHolds = (role: RoleName, action: Action): boolean =>
  (ROLES[role].actions as readonly Action[]).includes(action) || OF_ONESELF.has(action);

/**
 * The authorization matrix, as Markdown: each procedure and each way in besides it, against who may call it.
 * @param routes REST's ways in, as `METHOD /path`, by the verb's procedure
 */
export function matrixPage(routes: ReadonlyMap<string, readonly string[]>): string {
  const head = ["procedure", "REST", "action", "operator", "token", ...ROLE_NAMES, "of another tenant"];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = procedures.map(({ path, verb: { action } }) => {
    const { level, operator, service } = ACTIONS[action];
    return [
      path,
      (routes.get(path) ?? []).join("<br>"),
      action,
      operator ? "yes" : "no",
      service ? "by its scope" : "no",
      ...ROLE_NAMES.map((role) => (roleHolds(role, action) ? "yes" : "no")),
      level === "deployment" ? "forbidden" : level === "any" ? "of oneself" : "not_found",
    ];
  });
  return `${[
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
    "A grant that is confined to places or names reaches what it names, and everything else is not_found. An action about",
    "the whole tenant needs a grant that reaches all of it. Whose credential was revoked, has expired or is unknown, who was",
    "removed, whose tenant was deleted, and who brings none is unauthenticated everywhere.",
  ].join("\n")}\n`;
}
