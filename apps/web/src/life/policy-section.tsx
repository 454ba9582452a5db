import { useQuery } from "@tanstack/react-query";
import { CalendarClock, Play, Settings2 } from "lucide-react";
import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useMay } from "../data/identity.ts";
import { client, queries, type Secret, trpc } from "../data/trpc.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Fact } from "../ui/fact.tsx";
import { Moment } from "../ui/moment.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { l } from "./messages.ts";
import { type Policy, PolicyForm } from "./policy-form.tsx";
import { RunSection } from "./run-section.tsx";
import { sayWhen } from "./schedule-draft.ts";

/** When a secret is rotated next, and how a rotation that is under way stands. */
export function PolicySection({ tenant, secret }: { tenant: string; secret: Secret }) {
  const may = useMay();
  const [open, setOpen] = useState<"edit" | "remove" | null>(null);
  const query = useQuery(trpc.rotation.getPolicy.queryOptions({ tenant, id: secret.id }));
  const none = query.error !== null && toFailure(query.error).code === "not_found";
  const policy = none ? null : (query.data ?? null);
  const close = () => setOpen(null);
  return (
    <section aria-labelledby="rotation">
      <header className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h3 id="rotation" className="flex items-center gap-2 text-base font-semibold tracking-tight">
          {l.policy.title}
          {policy?.overdue ? (
            <Badge tone="danger">{l.policy.overdue}</Badge>
          ) : policy?.due ? (
            <Badge tone="warn">{l.policy.due}</Badge>
          ) : null}
        </h3>
        {may("rotation.set_policy") && (none || policy !== null) ? (
          <Button size="sm" look="quiet" onPress={() => setOpen("edit")}>
            <Settings2 size={14} aria-hidden />
            {none ? l.policy.set : l.policy.edit}
          </Button>
        ) : null}
      </header>
      {none ? (
        <p className="rounded-xl border border-dashed border-line px-4 py-3 text-sm text-muted">
          <CalendarClock size={15} aria-hidden className="mr-2 inline align-[-2px]" />
          {l.policy.none}
        </p>
      ) : query.error ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : policy === null ? (
        <SkeletonRows rows={2} />
      ) : (
        <Facts tenant={tenant} policy={policy} onRemove={() => setOpen("remove")} />
      )}
      {open === "edit" ? (
        <PolicyForm tenant={tenant} secret={secret} policy={policy} onClose={close} />
      ) : null}
      {open === "remove" ? (
        <Confirm
          title={l.policy.removeTitle(secret.name)}
          text={l.policy.removeLead}
          word={l.policy.remove}
          onClose={close}
          work={async () => {
            await client.rotation.removePolicy.mutate({ tenant, id: secret.id });
            tell(l.policy.removed(secret.name));
            await queries.resetQueries(trpc.rotation.pathFilter());
          }}
        />
      ) : null}
    </section>
  );
}

function Facts({ tenant, policy, onRemove }: { tenant: string; policy: Policy; onRemove: () => void }) {
  const may = useMay();
  const rotators = useQuery(trpc.rotation.rotators.queryOptions({})).data?.rotators;
  const { rotator, schedule, nextRotationAt, lastRotatedAt, owner, expiresAt } = policy;
  const { busy, run } = useAction();

  async function runNow() {
    await run(async () => {
      try {
        await client.rotation.runNow.mutate({ tenant, id: policy.secretId });
        tell(l.policy.started);
      } catch (error) {
        tellFailure(error);
      }
    });
    await Promise.all([queries.invalidateQueries(trpc.rotation.pathFilter()), refreshSecrets()]);
  }

  return (
    <>
      <dl className="divide-y divide-line border-y border-line text-sm">
        <Fact name={l.policy.next}>
          {nextRotationAt === null ? (
            rotator === null ? (
              l.policy.noTime
            ) : (
              l.policy.whenAsked
            )
          ) : (
            <span className={policy.overdue ? "font-medium text-danger-text" : ""}>
              <Moment at={nextRotationAt} />
            </span>
          )}
        </Fact>
        <Fact name={l.policy.last}>{lastRotatedAt === null ? "–" : <Moment at={lastRotatedAt} />}</Fact>
        {schedule === null ? null : (
          <Fact name={l.policy.schedule}>
            {sayWhen(schedule)} {policy.required ? <Badge>{l.policy.required}</Badge> : null}
          </Fact>
        )}
        <Fact name={l.policy.by}>
          {rotator === null
            ? l.policy.people
            : (rotators?.find(({ kind }) => kind === rotator.kind)?.title.split(": ")[0] ?? rotator.kind)}
        </Fact>
        {owner === null ? null : <Fact name={l.policy.owner}>{owner}</Fact>}
        {expiresAt === null ? null : (
          <Fact name={policy.expired ? l.policy.expired : l.policy.expires}>
            <span className={policy.expired ? "font-medium text-danger-text" : ""}>
              <Moment at={expiresAt} />
            </span>
          </Fact>
        )}
      </dl>
      {rotator === null ? null : <RunSection tenant={tenant} id={policy.secretId} />}
      <div className="mt-2 flex flex-wrap gap-2">
        {rotator !== null && may("rotation.run_now") ? (
          <Button size="sm" isPending={busy} onPress={() => void runNow()}>
            <Play size={13} aria-hidden />
            {l.policy.runNow}
          </Button>
        ) : null}
        {may("rotation.remove_policy") ? (
          <Button size="sm" look="danger-quiet" onPress={onRemove}>
            {l.policy.remove}
          </Button>
        ) : null}
      </div>
    </>
  );
}
