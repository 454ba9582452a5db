import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useMay } from "../data/identity.ts";
import { setTheme, THEMES } from "../frame/theme.ts";
import { useSignOut } from "../frame/use-sign-out.ts";
import { m } from "../messages.ts";
import type { Command } from "./commands.ts";
import { p } from "./messages.ts";

const act = (label: string, run: () => void): Command => ({
  id: `do ${label}`,
  group: p.groups.do,
  label,
  run,
});

/** What can be done from here: in a tenant what one holds the right to, and everywhere the panel's own. */
export function useActions(onHelp: () => void): Command[] {
  const inTenant = useTenantActions();
  const leave = useSignOut();
  return useMemo(
    () => [
      ...inTenant,
      ...THEMES.map((theme) => act(p.theme(m.frame.themes[theme]), () => setTheme(theme))),
      { ...act(p.help, onHelp), detail: "?" },
      act(p.signOut, leave),
    ],
    [inTenant, leave, onHelp],
  );
}

/** Each opens its form, where it stands; all that is asked for stands in an address. */
function useTenantActions(): Command[] {
  const { tenant, project, environment, secretId } = useParams({ strict: false });
  const navigate = useNavigate();
  const may = useMay();
  if (tenant === undefined) return NONE;
  const params = { tenant };
  const settings = (make: string) => () =>
    void navigate({ to: "/t/$tenant/settings", params, search: { make } });
  const tokens = (make: "token" | "rotate") => () =>
    void navigate({ to: "/t/$tenant/tokens", params, search: { make } });
  const inProject = project ?? "default";
  const all: readonly (Command & { right: string })[] = [
    ...(project === undefined || environment === undefined
      ? []
      : [
          {
            right: "secret.create",
            ...act(
              p.newSecret(`${project} / ${environment}`),
              () =>
                void navigate({
                  to: "/t/$tenant/$project/$environment",
                  params: { tenant, project, environment },
                  search: { create: true },
                }),
            ),
          },
        ]),
    { right: "project.create", ...act(p.newProject, settings("project")) },
    { right: "environment.create", ...act(p.newEnvironment(inProject), settings(`in ${inProject}`)) },
    { right: "token.create", ...act(p.newToken, tokens("token")) },
    { right: "token.rotate", ...act(p.rotateToken, tokens("rotate")) },
    {
      right: "approval.break_glass",
      ...act(
        p.breakGlass,
        () => void navigate({ to: "/t/$tenant/approvals", params, search: { glass: secretId ?? "any" } }),
      ),
    },
  ];
  return all.filter(({ right }) => may(right));
}
const NONE: Command[] = [];
