import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Stamp } from "lucide-react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, trpc } from "../data/trpc.ts";
import { inOrder } from "../place/order.ts";
import { Badge } from "../ui/badge.tsx";
import { Listed } from "../ui/listed.tsx";
import { se } from "./messages.ts";
import { PlaceMenu } from "./place-menu.tsx";
import { ProtectForm } from "./protect-form.tsx";

export type Environment = Outputs["environments"]["list"]["environments"][number];

interface Props {
  tenant: string;
  project: { id: string; name: string };
}

/** A project's environments, and what can be done with each. */
export function EnvironmentRows({ tenant, project }: Props) {
  const input = { tenant, project: project.id };
  const query = useInfiniteQuery(
    inPages(trpc.environments.list.infiniteQueryKey(input), (page, options) =>
      client.environments.list.query({ ...input, limit: 100, ...page }, options),
    ),
  );
  const environments = inOrder(query.data?.pages.flatMap((page) => page.environments) ?? []);
  return (
    <Listed
      query={query}
      label={se.environments(project.name)}
      waiting={3}
      empty={<p className="px-4 py-3 text-sm text-muted">{se.noEnvironments}</p>}
    >
      {environments.map((environment) => (
        <EnvironmentRow
          key={environment.id}
          tenant={tenant}
          project={project.name}
          environment={environment}
        />
      ))}
    </Listed>
  );
}

function EnvironmentRow({
  tenant,
  project,
  environment,
}: {
  tenant: string;
  project: string;
  environment: Environment;
}) {
  const may = useMay();
  const { id, name, protection } = environment;
  return (
    <li className="flex min-h-12 items-center gap-3 py-1.5 pr-2 pl-4">
      <Link
        to="/t/$tenant/$project/$environment"
        params={{ tenant, project, environment: name }}
        className="min-w-0 truncate rounded text-sm hover:underline"
      >
        {name}
      </Link>
      {protection === null ? null : <Badge tone="accent">{se.twoFor[protection]}</Badge>}
      <div className="ml-auto">
        <PlaceMenu
          kind="environment"
          name={name}
          about={`${project} / ${name}`}
          title={se.removeEnvironment(name)}
          lead={se.removeEnvironmentLead}
          rename={(given) => client.environments.rename.mutate({ tenant, environment: id, name: given })}
          remove={() => client.environments.delete.mutate({ tenant, environment: id })}
          {...(may("environment.protect")
            ? {
                more: {
                  id: "protect",
                  label: se.protect,
                  icon: <Stamp size={15} aria-hidden />,
                  dialog: (close) => (
                    <ProtectForm tenant={tenant} environment={environment} onClose={close} />
                  ),
                },
              }
            : {})}
        />
      </div>
    </li>
  );
}
