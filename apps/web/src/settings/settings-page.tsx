import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { FolderOpen, Plus } from "lucide-react";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Listed } from "../ui/listed.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { Section } from "../ui/section.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { EndSection } from "./end-section.tsx";
import { se } from "./messages.ts";
import { NameForm, NewProject } from "./place-form.tsx";
import { ProjectRow } from "./project-row.tsx";
import { TenantSection } from "./tenant-section.tsx";

/** A tenant's places, what holds for all of it, and its end. What is being made stands in the address. */
export function SettingsPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/settings" });
  const { make } = useSearch({ from: "/app/t/$tenant/settings" });
  const navigate = useNavigate();
  useTitle(se.title, tenant);
  const may = useMay();
  const query = useInfiniteQuery(
    inPages(trpc.projects.list.infiniteQueryKey({ tenant }), (page, options) =>
      client.projects.list.query({ tenant, limit: 100, ...page }, options),
    ),
  );
  const projects = query.data?.pages.flatMap((page) => page.projects) ?? [];
  const setMake = (what: string | null) =>
    void navigate({
      to: "/t/$tenant/settings",
      params: { tenant },
      search: what === null ? {} : { make: what },
      replace: true,
    });
  const project = make?.startsWith("in ") ? make.slice(3) : null;
  return (
    <>
      <PageHeader title={se.title} lead={se.lead} />
      <div className="space-y-10">
        <Section
          title={se.places}
          text={se.placesText}
          actions={
            may("project.create") ? (
              <Button look="primary" onPress={() => setMake("project")}>
                <Plus size={15} aria-hidden />
                {se.newProject}
              </Button>
            ) : undefined
          }
        >
          <Listed
            query={query}
            label={se.projects}
            waiting={4}
            empty={
              <State
                icon={<FolderOpen size={20} aria-hidden />}
                title={se.noProjects}
                text={se.noProjectsText}
              />
            }
          >
            {projects.map((one) => (
              <ProjectRow
                key={one.id}
                tenant={tenant}
                project={one}
                onEnvironment={() => setMake(`in ${one.name}`)}
              />
            ))}
          </Listed>
        </Section>
        {may("tenant.get") ? <TenantSection tenant={tenant} /> : null}
        {may("tenant.delete") || may("tenant.shred") ? <EndSection tenant={tenant} /> : null}
      </div>
      {make === "project" && may("project.create") ? (
        <NewProject tenant={tenant} onClose={() => setMake(null)} />
      ) : null}
      {project !== null && may("environment.create") ? (
        <NameForm
          title={se.newEnvironmentIn(project)}
          now=""
          done={se.created}
          work={(name, idempotencyKey) =>
            client.environments.create.mutate({ tenant, project, name, idempotencyKey })
          }
          onClose={() => setMake(null)}
        />
      ) : null}
    </>
  );
}
