import { Link, lazyRouteComponent, Outlet, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { FilePen, FolderOpen, KeyRound, Plus, SearchX, ShieldCheck } from "lucide-react";
import { type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useIdentity, useMay } from "../data/identity.ts";
import type { Secret } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { PlaceBar, useEnvironments } from "../place/place-bar.tsx";
import { RevealAnnouncer } from "../reveal/shown-value.tsx";
import { useReveal } from "../reveal/use-reveal.ts";
import { Button } from "../ui/button.tsx";
import { Search } from "../ui/search.tsx";
import { AboutSecret, FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { toTree } from "./folders.ts";
import { SecretTable } from "./secret-table.tsx";
import { useSecrets } from "./use-secrets.ts";

// Forms are code for later: the list is there first.
const CreateSecret = lazyRouteComponent(() => import("./create-secret.tsx"), "CreateSecret");
const RotateSecret = lazyRouteComponent(() => import("./rotate-secret.tsx"), "RotateSecret");
const FirstSteps = lazyRouteComponent(() => import("./first-steps.tsx"), "FirstSteps");
const DeleteSecret = lazyRouteComponent(() => import("./delete-secret.tsx"), "DeleteSecret");

type Open = { what: "create" } | { what: "rotate" | "delete"; secret: Secret } | null;

export function SecretsPage() {
  const place = useParams({ from: "/app/t/$tenant/$project/$environment" });
  const { secretId } = useParams({ strict: false });
  const { create } = useSearch({ from: "/app/t/$tenant/$project/$environment" });
  const navigate = useNavigate();
  const { tenant, project, environment } = place;
  const may = useMay();
  const who = useIdentity().type;
  // Kept here and not in the address: people paste the wrong thing into search fields.
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<Open>(null);
  const { all, secrets } = useSecrets(place, search);
  const environments = useEnvironments(tenant, project);
  const tree = useMemo(() => toTree(secrets), [secrets]);
  const reveal = useReveal();
  const { hide } = reveal;
  useTitle(`${project}/${environment}`, tenant);
  // Asked for from elsewhere: opened once, and not again by a reload.
  useEffect(() => {
    if (create !== true) return;
    setOpen({ what: "create" });
    void navigate({
      to: "/t/$tenant/$project/$environment",
      params: { tenant, project, environment },
      search: {},
      replace: true,
    });
  }, [create, navigate, tenant, project, environment]);
  useEffect(hide, [tenant, project, environment, secretId, hide]);

  const total = all.data?.pages.reduce((sum, page) => sum + page.secrets.length, 0) ?? 0;
  const unknown = environments.error
    ? toFailure(environments.error).code === "not_found"
    : environments.data !== undefined && !environments.data.some(({ name }) => name === environment);
  const close = () => setOpen(null);

  let body: ReactNode;
  if (all.error) body = <FailureState error={all.error} onRetry={() => void all.refetch()} />;
  else if (all.isPending) body = <SkeletonRows />;
  else if (secrets.length > 0)
    body = (
      <SecretTable
        place={place}
        tree={tree}
        reveal={reveal}
        onRotate={(secret) => setOpen({ what: "rotate", secret })}
        onDelete={(secret) => setOpen({ what: "delete", secret })}
      />
    );
  else if (search !== "")
    body = (
      <State
        icon={<SearchX size={20} aria-hidden />}
        title={m.secrets.noMatch(search)}
        text={m.secrets.noMatchText}
      >
        <Button onPress={() => setSearch("")}>{m.secrets.clearSearch}</Button>
      </State>
    );
  else
    body = (
      <>
        <State
          icon={<KeyRound size={20} aria-hidden />}
          title={m.secrets.none(environment)}
          text={may("secret.create") ? m.secrets.noneText : m.secrets.noneReadOnly}
        >
          {may("secret.create") ? (
            <Button look="primary" onPress={() => setOpen({ what: "create" })}>
              {m.secrets.create}
            </Button>
          ) : null}
        </State>
        {may("secret.create") && may("token.create") ? (
          <Suspense>
            <FirstSteps tenant={tenant} environment={environment} />
          </Suspense>
        ) : null}
      </>
    );

  return (
    <>
      <header className="mb-2 flex min-h-9 flex-wrap items-center justify-between gap-x-2 gap-y-3">
        <h1 className="text-2xl font-semibold tracking-tight">{m.secrets.title}</h1>
        {may("secret.set") && !unknown ? (
          <Link
            to="/t/$tenant/$project/$environment/edit"
            params={place}
            className="ml-auto inline-flex h-9 items-center gap-1.5 rounded-lg border border-line bg-surface px-3.5 text-sm font-medium shadow-lift hover:bg-hover"
          >
            <FilePen size={14} aria-hidden className="max-sm:hidden" />
            {m.secrets.editSeveral}
          </Link>
        ) : null}
        {may("secret.create") && !unknown ? (
          <Button look="primary" onPress={() => setOpen({ what: "create" })}>
            <Plus size={15} aria-hidden className="max-sm:hidden" />
            {m.secrets.create}
          </Button>
        ) : null}
      </header>
      <PlaceBar {...place} />
      {may("secret.reveal") ? null : (
        <p className="mt-5 flex items-center gap-2 text-sm text-muted">
          <ShieldCheck size={16} aria-hidden className="shrink-0 text-accent-text" />
          {m.secrets.noValues[who]}
        </p>
      )}
      {unknown ? (
        <State
          icon={<FolderOpen size={20} aria-hidden />}
          title={m.failure.notFound}
          text={m.failure.notFoundText}
        />
      ) : (
        <section className="mt-6 overflow-hidden rounded-2xl border border-line bg-surface shadow-lift">
          {total === 0 ? null : (
            <div className="flex items-center gap-3 border-b border-line p-2.5">
              <Search label={m.secrets.search} value={search} onChange={setSearch} />
              <p role="status" className="shrink-0 pr-2 text-xs text-muted tabular-nums">
                {search === "" ? m.secrets.count(total, all.hasNextPage) : m.secrets.found(secrets.length)}
              </p>
            </div>
          )}
          {body}
          {all.hasNextPage ? (
            <div className="flex justify-center border-t border-line p-3">
              <Button
                look="quiet"
                isPending={all.isFetchingNextPage}
                onPress={() => void all.fetchNextPage()}
              >
                {all.isFetchingNextPage ? m.loadingMore : m.more}
              </Button>
            </div>
          ) : null}
        </section>
      )}
      {may("secret.restore") && !unknown ? (
        <p className="mt-3 px-1 text-sm">
          <Link
            to="/t/$tenant/$project/$environment/deleted"
            params={place}
            className="rounded text-muted hover:text-ink hover:underline"
          >
            {m.secrets.deleted}
          </Link>
        </p>
      ) : null}
      <RevealAnnouncer shown={reveal.shown !== null} />
      <Suspense>
        {open?.what === "create" ? <CreateSecret place={place} onClose={close} /> : null}
        {open?.what === "rotate" ? (
          <AboutSecret value={open.secret.id}>
            <RotateSecret tenant={tenant} secret={open.secret} onClose={close} />
          </AboutSecret>
        ) : null}
        {open?.what === "delete" ? (
          <AboutSecret value={open.secret.id}>
            <DeleteSecret tenant={tenant} secret={open.secret} onClose={close} />
          </AboutSecret>
        ) : null}
      </Suspense>
      <Outlet />
    </>
  );
}
