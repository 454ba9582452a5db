import { useInfiniteQuery } from "@tanstack/react-query";
import { GitCompareArrows, Undo2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { cv } from "../compare/messages.ts";
import { useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, type Secret, trpc, type Version } from "../data/trpc.ts";
import { GraceLine } from "../life/grace-line.tsx";
import { l } from "../life/messages.ts";
import { VersionMenu } from "../life/version-menu.tsx";
import { m } from "../messages.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { sm } from "./messages.ts";
import { RollBack } from "./roll-back.tsx";

const CompareVersions = lazy(async () => ({
  default: (await import("../compare/compare-versions.tsx")).CompareVersions,
}));

const TONES: Record<string, Tone> = { current: "good", grace: "warn", pending: "accent", revoked: "danger" };

interface Props {
  tenant: string;
  secret: Secret;
  /** Whether its values are anything for whoever looks. */
  mayReveal: boolean;
}

/** A secret's versions, newest first: what, when, who and why. */
export function History({ tenant, secret, mayReveal }: Props) {
  const may = useMay();
  const [target, setTarget] = useState<Version | null>(null);
  const [comparing, setComparing] = useState(false);
  const query = useInfiniteQuery(
    inPages(trpc.versions.list.infiniteQueryKey({ tenant, id: secret.id }), (page, options) =>
      client.versions.list.query({ tenant, id: secret.id, limit: 50, ...page }, options),
    ),
  );
  const versions = query.data?.pages.flatMap((page) => page.versions) ?? [];
  const opening = versions.filter(({ opens }) => opens);
  return (
    <>
      <div className="mb-3 flex min-h-7 flex-wrap items-center justify-between gap-2">
        <h3 id="history" className="text-base font-semibold tracking-tight">
          {sm.secret.history}
        </h3>
        {opening.length > 1 && may("version.reveal") && mayReveal ? (
          <Button size="sm" look="quiet" onPress={() => setComparing(true)}>
            <GitCompareArrows size={14} aria-hidden />
            {cv.open}
          </Button>
        ) : null}
      </div>
      {query.error ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={2} />
      ) : null}
      <ol aria-label={sm.history.label(secret.name)} className="relative">
        {versions.map((version, i) => (
          <li key={version.version} className="relative flex gap-2 pb-5 last:pb-0">
            {i < versions.length - 1 ? (
              <span aria-hidden className="absolute top-4 bottom-0 left-[5px] w-px bg-line" />
            ) : null}
            <span
              aria-hidden
              className={`mt-1.5 size-[11px] shrink-0 rounded-full border-2 ${
                version.active ? "border-accent bg-accent" : "border-line-strong bg-surface"
              }`}
            />
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
                <span className="font-semibold tabular-nums">{m.secrets.atVersion(version.version)}</span>
                <Badge tone={TONES[version.state] ?? "plain"}>
                  {sm.history.states[version.state] ?? version.state}
                </Badge>
                <span className="text-muted">
                  <Moment at={version.createdAt} /> {sm.history.by(version.createdBy.name)}
                </span>
              </p>
              <p className={`mt-0.5 text-sm ${version.reason === null ? "text-faint" : ""}`}>
                {version.reason ?? sm.history.noReason}
              </p>
              {version.state === "grace" ? (
                <GraceLine version={version} since={versions[i - 1]?.createdAt ?? null} />
              ) : null}
              {version.endReason === null ? null : (
                <p className="mt-0.5 text-xs text-muted">{l.version.ended(version.endReason)}</p>
              )}
            </div>
            {mayRollBackTo(version) && may("secret.roll_back") ? (
              <IconButton
                aria-label={sm.history.rollBackTitle(version.version)}
                hint={sm.history.rollBack}
                onPress={() => setTarget(version)}
              >
                <Undo2 size={15} aria-hidden />
              </IconButton>
            ) : null}
            <VersionMenu tenant={tenant} secret={secret} version={version} />
          </li>
        ))}
      </ol>
      {query.hasNextPage ? (
        <Button
          look="quiet"
          size="sm"
          isPending={query.isFetchingNextPage}
          onPress={() => void query.fetchNextPage()}
        >
          {m.more}
        </Button>
      ) : null}
      {target === null ? null : (
        <RollBack tenant={tenant} secret={secret} to={target.version} onClose={() => setTarget(null)} />
      )}
      {comparing ? (
        <Suspense>
          <CompareVersions
            tenant={tenant}
            secret={secret}
            versions={opening}
            onClose={() => setComparing(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

const mayRollBackTo = ({ active, opens, state }: Version): boolean => !active && (opens || state === "kept");
