import { ACTIONS, type Action } from "./actions.ts";
import { OF_ONESELF } from "./authorize.ts";
import { ROLE_NAMES, ROLES } from "./roles.ts";

/** docs/roles.md, as the roles are: written by `node scripts/roles.ts --write`, and compared by a test. */
export function rolesPage(): string {
  const columns = ["operator", ...ROLE_NAMES] as const;
  const may = (who: (typeof columns)[number], action: Action) =>
    who === "operator"
      ? ACTIONS[action].operator
      : (ROLES[who].actions as readonly Action[]).includes(action) || OF_ONESELF.has(action);
  const rows = (Object.keys(ACTIONS) as Action[]).map((action) => [
    `\`${action}\``,
    ...columns.map((who) => (may(who, action) ? "yes" : "")),
  ]);
  return `${[
    "# Roles",
    "",
    "What a person of a tenant may do is said by roles, and where by the grants that give them: in all projects and",
    "environments or some, for all names of secrets or those that begin so, for good or until a day. A tenant makes roles of",
    "its own besides these. This page is printed from `packages/secrets/src/access/roles.ts` by `node scripts/roles.ts --write`.",
    "",
    ...table(
      ["role", "what it is for"],
      [
        [
          "operator",
          "Runs the deployment: all tenants' metadata, keys, backups. Reveals nothing and sets no value; no role of a tenant.",
        ],
        ...ROLE_NAMES.map((name) => [name, ROLES[name].summary]),
      ],
    ),
    "",
    "Which role holds which action (`node scripts/matrix.ts` prints the same for every procedure and REST route):",
    "",
    ...table(["action", ...columns], rows),
  ].join("\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
