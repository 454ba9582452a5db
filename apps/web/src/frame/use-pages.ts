import { useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { useIdentity } from "../data/identity.ts";
import { OPERATOR_PAGES, TENANT_PAGES } from "./tenant-pages.ts";

/** The pages that one's rights reach, as the routes say it: others are not offered, and their address says why. */
export function usePages(): {
  ofTenant: readonly (typeof TENANT_PAGES)[number][];
  ofOperators: readonly (typeof OPERATOR_PAGES)[number][];
} {
  const { routesByPath } = useRouter();
  const { actions } = useIdentity();
  return useMemo(() => {
    const within = ({ to }: { to: keyof typeof routesByPath }) => {
      const needs = routesByPath[to].options.staticData?.needs;
      return needs === undefined || actions.includes(needs);
    };
    return { ofTenant: TENANT_PAGES.filter(within), ofOperators: OPERATOR_PAGES.filter(within) };
  }, [routesByPath, actions]);
}
