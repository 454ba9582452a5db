import { Link, useParams } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import type { ReactNode } from "react";
import { m } from "../messages.ts";
import { DueRow } from "../rotation/due-row.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { Section } from "../ui/section.tsx";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { ib } from "./messages.ts";
import { useWaiting } from "./use-waiting.ts";

/** What waits for somebody in a tenant. */
export function InboxPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/inbox" });
  useTitle(ib.title, tenant);
  const { error, loading, retry, approvals, rotations, tokens, webhooks, notices } = useWaiting(tenant);
  const empty = [approvals, rotations, tokens, webhooks, notices].every((list) => list.length === 0);
  const to = (path: "approvals" | "rotation" | "tokens" | "webhooks" | "audit", words: string) => (
    <Link
      to={`/t/$tenant/${path}`}
      params={{ tenant }}
      className="text-sm font-medium text-accent-text underline-offset-2 hover:underline"
    >
      {words}
    </Link>
  );
  return (
    <>
      <PageHeader title={ib.title} lead={ib.lead} />
      {loading || error !== null || empty ? (
        <section className={CARD}>
          {error !== null ? (
            <FailureState error={error} onRetry={retry} />
          ) : loading ? (
            <SkeletonRows rows={4} />
          ) : (
            <State icon={<Inbox size={20} aria-hidden />} title={ib.none} text={ib.noneText} />
          )}
        </section>
      ) : (
        <div className="space-y-9">
          <Group title={ib.approvals} text={ib.approvalsText} more={to("approvals", ib.toApprovals)}>
            {approvals.map(({ id, name, reason, requestedBy, expiresAt }) => (
              <Line
                key={id}
                name={name ?? ib.wholePlace}
                text={`${ib.asks(requestedBy.name ?? m.unknown)}: ${reason}`}
                when={
                  <>
                    {ib.waits} <Moment at={expiresAt} />
                  </>
                }
              />
            ))}
          </Group>
          <Group title={ib.rotations} text={ib.rotationsText} more={to("rotation", ib.toRotation)}>
            {rotations.map((due) => (
              <DueRow key={due.secretId} tenant={tenant} due={due} />
            ))}
          </Group>
          <Group title={ib.tokens} text={ib.tokensText} more={to("tokens", ib.toTokens)}>
            {tokens.map(({ id, name, expiresAt }) => (
              <Line
                key={id}
                name={name}
                when={
                  <>
                    {ib.ends} <Moment at={expiresAt!} />
                  </>
                }
              />
            ))}
          </Group>
          <Group title={ib.webhooks} text={ib.webhooksText} more={to("webhooks", ib.toWebhooks)}>
            {webhooks.map(({ id, url, state, failures }) => (
              <Line
                key={id}
                name={url}
                when={failures > 0 ? ib.failures(failures) : (ib.states[state] ?? state)}
              />
            ))}
          </Group>
          <Group title={ib.notices} text={ib.noticesText} more={to("audit", ib.toAudit)}>
            {notices.map(({ seq, action, target, actor, reason, time }) => (
              <Line
                key={seq}
                name={action}
                text={[target?.name, ib.by(actor.name ?? actor.type), reason].filter(Boolean).join(" · ")}
                when={<Moment at={time} />}
              />
            ))}
          </Group>
        </div>
      )}
    </>
  );
}

function Group({
  title,
  text,
  more,
  children,
}: {
  title: string;
  text: string;
  more: ReactNode;
  children: readonly ReactNode[];
}) {
  if (children.length === 0) return null;
  return (
    <Section title={title} text={text} actions={more}>
      <ul aria-label={title} className="divide-y divide-line">
        {children}
      </ul>
    </Section>
  );
}

function Line({ name, text, when }: { name: string; text?: string; when: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm">
      <span className="min-w-0 flex-1 basis-56">
        <code className="block truncate font-medium">{name}</code>
        {text === undefined || text === "" ? null : (
          <span className="block text-xs break-words text-muted">{text}</span>
        )}
      </span>
      <span className="text-xs text-muted">{when}</span>
    </li>
  );
}
