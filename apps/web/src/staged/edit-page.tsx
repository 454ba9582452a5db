import { Link, useNavigate, useParams, useRouter } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { hold } from "../data/asking.ts";
import { toFailure } from "../data/failure.ts";
import { freshKey } from "../data/fresh-key.ts";
import { client } from "../data/trpc.ts";
import { refreshSecrets, useSecrets } from "../secrets/use-secrets.ts";
import { Button } from "../ui/button.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureNote, FailureState, Overtaken, SkeletonRows } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { Gather } from "./gather.tsx";
import { s } from "./messages.ts";
import { ReviewList } from "./review-list.tsx";
import { type Change, review, stage, toSave } from "./stage.ts";
import { useChecked } from "./use-checked.ts";

/** As many as the server takes in one transaction. */
const MOST = 500;

/** Gathers changes of an environment, shows what each does, and saves them together for one reason. */
export function EditPage() {
  const place = useParams({ from: "/app/t/$tenant/$project/$environment/edit" });
  const { project, environment, tenant } = place;
  useTitle(s.title, `${project}/${environment}`, tenant);
  const navigate = useNavigate();
  const { all } = useSecrets(place, "");
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = all;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const [changes, setChanges] = useState<readonly Change[]>([]);
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set());
  const [reason, setReason] = useState("");
  const [insists, setInsists] = useState(false);
  const [idempotencyKey, setIdempotencyKey] = useState(freshKey);
  const { busy, failed, run } = useAction();
  const checked = useChecked(place, changes);
  const dirty = changes.length > 0;
  const saved = useRef(false);
  const { history } = useRouter();
  useEffect(() => {
    if (!dirty) return;
    const letGo = hold();
    const unblock = history.block({
      blockerFn: () => !saved.current && !window.confirm(s.leave),
      enableBeforeUnload: true,
    });
    return () => {
      letGo();
      unblock();
    };
  }, [history, dirty]);

  const back = { to: "/t/$tenant/$project/$environment", params: place } as const;
  const head = (
    <>
      <Link
        {...back}
        className="mb-3 inline-flex items-center gap-1.5 rounded text-sm text-muted hover:text-ink"
      >
        <ArrowLeft size={14} aria-hidden />
        {s.back}
      </Link>
      <PageHeader title={s.title} lead={s.lead(project, environment)} />
    </>
  );
  // What was read before stays where reading it anew fails, and with it what is staged.
  if (all.data === undefined || hasNextPage)
    return (
      <>
        {head}
        <section className={CARD}>
          {all.error ? (
            <FailureState error={all.error} onRetry={() => void all.refetch()} />
          ) : (
            <SkeletonRows />
          )}
        </section>
      </>
    );
  const versions = new Map(
    all.data.pages.flatMap((page) => page.secrets.map(({ name, version }) => [name, version] as const)),
  );
  const reviewed = review(changes, versions, checked, kept);
  const saving = toSave(reviewed);
  const count = (kind: string) => saving.filter((one) => one.kind === kind).length;
  const code = failed === null ? null : toFailure(failed).code;
  const overtaken = code === "version_mismatch" || code === "not_found";
  const inUse = code === "in_use";
  const force = inUse && insists;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (saving.length === 0 || saving.length > MOST || (force && reason.trim() === "")) return;
    const done = await run(async () => {
      await client.secrets.save.mutate({
        ...place,
        set: saving.flatMap(({ change, version }) =>
          change.what === "set"
            ? [{ name: change.name, value: change.value, expectedVersion: version ?? 0 }]
            : [],
        ),
        remove: saving.flatMap(({ change, version }) =>
          change.what === "remove"
            ? [{ name: change.name, force, ...(version === null ? {} : { expectedVersion: version }) }]
            : [],
        ),
        ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
        idempotencyKey,
      });
      saved.current = true;
      setChanges([]);
      await refreshSecrets();
      await navigate(back);
    });
    setIdempotencyKey(freshKey());
    if (done) tell(s.saved(saving.length));
  }

  return (
    <>
      {head}
      <Gather
        names={[...versions.keys()]}
        onChanges={(more) => setChanges((before) => stage(before, more))}
      />
      <form onSubmit={submit} noValidate autoComplete="off">
        <section aria-labelledby="staged" className={`${CARD} mt-6`}>
          <h2 id="staged" className="border-b border-line px-4 py-3 text-base font-semibold tracking-tight">
            {s.list}
          </h2>
          <ReviewList
            reviewed={reviewed}
            onKeep={(name, keep) =>
              setKept((before) => {
                const after = new Set(before);
                if (keep) after.add(name);
                else after.delete(name);
                return after;
              })
            }
            onDrop={(name) => setChanges((before) => before.filter((one) => one.name !== name))}
          />
        </section>
        {changes.length === 0 ? null : (
          <div className="mt-6 max-w-2xl space-y-4">
            <Field
              label={s.reason}
              optional={!force}
              hint={s.reasonHint}
              value={reason}
              onChange={setReason}
            />
            <FailureNote error={failed}>
              {overtaken ? (
                <Overtaken text={s.overtaken} word={s.refresh} onPress={() => void refreshSecrets()} />
              ) : null}
              {inUse ? (
                <div className="mt-2">
                  <Checkbox checked={insists} onChange={setInsists} hint={s.anywayHint}>
                    {s.anyway}
                  </Checkbox>
                </div>
              ) : null}
            </FailureNote>
            <div className="flex flex-wrap items-center gap-4">
              <Button
                type="submit"
                look="primary"
                isPending={busy}
                isDisabled={saving.length === 0 || saving.length > MOST || (force && reason.trim() === "")}
              >
                {busy ? s.saving : s.save(saving.length)}
              </Button>
              <p role="status" className="text-sm text-muted">
                {saving.length > MOST
                  ? s.tooMany(MOST)
                  : s.sum(count("added"), count("changed"), count("removed"))}
              </p>
            </div>
          </div>
        )}
      </form>
    </>
  );
}
