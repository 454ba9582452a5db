import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Plus, Ticket } from "lucide-react";
import { useState } from "react";
import { useIdentity, useMay } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, queries, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { tell } from "../ui/toast.tsx";
import { CreateToken } from "./create-token.tsx";
import { tk } from "./messages.ts";
import { RotateToken } from "./rotate-token.tsx";

export type Token = Outputs["tokens"]["list"]["tokens"][number];

export function TokensPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/tokens" });
  useTitle(tk.title, tenant);
  const may = useMay();
  const identity = useIdentity();
  const { make } = useSearch({ from: "/app/t/$tenant/tokens" });
  const navigate = useNavigate();
  const setMake = (what: "token" | "rotate" | null) =>
    void navigate({
      to: "/t/$tenant/tokens",
      params: { tenant },
      search: what === null ? {} : { make: what },
      replace: true,
    });
  const [rotating, setRotating] = useState<Token | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const query = useInfiniteQuery(
    inPages(trpc.tokens.list.infiniteQueryKey({ tenant }), (page, options) =>
      client.tokens.list.query({ tenant, limit: 100, ...page }, options),
    ),
  );
  const tokens = query.data?.pages.flatMap((page) => page.tokens) ?? [];
  const replaced = new Set(
    tokens.flatMap(({ rotatedFrom, revokedAt }) =>
      rotatedFrom === null || revokedAt !== null ? [] : [rotatedFrom],
    ),
  );
  const rotatable = may("token.rotate")
    ? tokens.filter((token) => !isDead(token) && !replaced.has(token.id))
    : [];
  return (
    <>
      <PageHeader title={tk.title} lead={identity.type === "operator" ? tk.operatorNote : tk.lead}>
        {may("token.create") ? (
          <Button look="primary" onPress={() => setMake("token")}>
            <Plus size={15} aria-hidden />
            {tk.create}
          </Button>
        ) : null}
      </PageHeader>
      <section className={CARD}>
        <Listed
          query={query}
          label={tk.tableLabel}
          empty={<State icon={<Ticket size={20} aria-hidden />} title={tk.none} text={tk.noneText} />}
        >
          {tokens.map((token) => (
            <TokenRow
              key={token.id}
              token={token}
              own={token.id === identity.id}
              onRotate={rotatable.includes(token) ? () => setRotating(token) : null}
              onRevoke={may("token.revoke") ? () => setRevoking(token) : null}
            />
          ))}
        </Listed>
      </section>
      {make === "token" && may("token.create") ? (
        <CreateToken tenant={tenant} onClose={() => setMake(null)} />
      ) : null}
      {rotating === null ? null : (
        <RotateToken tenant={tenant} tokens={tokens} token={rotating} onClose={() => setRotating(null)} />
      )}
      {make === "rotate" && may("token.rotate") && query.isSuccess ? (
        <RotateToken tenant={tenant} tokens={rotatable} token={null} onClose={() => setMake(null)} />
      ) : null}
      {revoking === null ? null : (
        <Confirm
          title={tk.revokeTitle(revoking.name)}
          text={tk.revokeText}
          word={tk.revoke}
          onClose={() => setRevoking(null)}
          work={async () => {
            await client.tokens.revoke.mutate({ tenant, id: revoking.id });
            tell(tk.revokeDone(revoking.name));
            await queries.invalidateQueries(trpc.tokens.pathFilter());
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  token: Token;
  own: boolean;
  onRotate: (() => void) | null;
  onRevoke: (() => void) | null;
}

function TokenRow({ token, own, onRotate, onRevoke }: RowProps) {
  const dead = isDead(token);
  return (
    <li className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className={`font-medium ${dead ? "text-muted" : ""}`}>{token.name}</span>
          <code className="text-xs text-muted">{tk.hint(token.hint)}</code>
          {own ? <Badge tone="accent">{tk.current}</Badge> : null}
          {token.revokedAt !== null ? (
            <Badge tone="danger">{tk.revoked}</Badge>
          ) : dead ? (
            <Badge>{tk.expired}</Badge>
          ) : null}
        </p>
        <p className="mt-0.5 text-sm text-muted">
          {rightsOf(token)} · {whereOf(token)} ·{" "}
          {token.lastUsedAt === null ? (
            tk.neverUsed
          ) : (
            <>
              {tk.lastUsed} <Moment at={token.lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <p className="text-sm text-muted sm:w-36 sm:text-right">
        {token.expiresAt === null ? (
          <>
            {tk.created} <Moment at={token.createdAt} />
          </>
        ) : (
          <>
            {tk.endsAt} <Moment at={token.expiresAt} />
          </>
        )}
      </p>
      <div className="ml-auto flex justify-end gap-1 sm:w-40">
        {onRotate === null ? null : (
          <Button size="sm" look="quiet" aria-label={tk.rotateFor(token.name)} onPress={onRotate}>
            {tk.rotate}
          </Button>
        )}
        {dead || onRevoke === null ? null : (
          <Button size="sm" look="danger-quiet" aria-label={tk.revokeFor(token.name)} onPress={onRevoke}>
            {tk.revoke}
          </Button>
        )}
      </div>
    </li>
  );
}

const isDead = ({ revokedAt, expiresAt }: Token): boolean =>
  revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= Date.now());

/** A set of actions by the name of the preset that it looks like. */
function rightsOf({ actions }: Token): string {
  const preset = actions.includes("token.create")
    ? "admin"
    : actions.includes("secret.rotate")
      ? "writer"
      : actions.includes("secret.reveal")
        ? "reader"
        : null;
  return (preset === null ? undefined : tk.presets[preset]?.label) ?? tk.rights(actions.length);
}

function whereOf({ projects, environments }: Token): string {
  if (environments !== null) return tk.scopeSome(environments.length);
  return projects === null ? tk.scopeAll : tk.scopeProjects(projects.length);
}
