import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { trpc } from "../data/trpc.ts";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { Leading } from "./leading.tsx";

/** Leads from a secret's id alone to where it stands: for links of those who know no more. */
export function GoToSecret() {
  const { tenant, secretId } = useParams({ from: "/app/go/$tenant/$secretId" });
  const query = useQuery(trpc.secrets.get.queryOptions({ tenant, id: secretId }));
  if (query.data === undefined)
    return (
      <Leading>
        {query.error ? (
          <FailureState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <SkeletonRows />
        )}
      </Leading>
    );
  const { project, environment } = query.data;
  return (
    <Navigate
      to="/t/$tenant/$project/$environment/s/$secretId"
      params={{ tenant, project: project.name, environment: environment.name, secretId }}
      replace
    />
  );
}
