import { Plus, RotateCw } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import type { Secret } from "../data/trpc.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { ConsumerList } from "./consumer-list.tsx";
import { DeclareConsumer, ForgetConsumer } from "./declare-consumer.tsx";
import { l } from "./messages.ts";
import { useBlastRadius } from "./use-blast-radius.ts";

/** Who reads a secret, on its sheet; live while somebody has to move. */
export function ConsumersSection({ tenant, secret }: { tenant: string; secret: Secret }) {
  const may = useMay();
  const [declaring, setDeclaring] = useState(false);
  const [forgetting, setForgetting] = useState<string | null>(null);
  const query = useBlastRadius(tenant, secret.id, true);
  return (
    <section aria-labelledby="consumers" aria-busy={query.isFetching}>
      <header className="mb-2 flex items-center justify-between">
        <h3 id="consumers" className="text-base font-semibold tracking-tight">
          {l.consumers}
        </h3>
        <span className="flex items-center gap-1">
          {may("consumer.declare") ? (
            <Button size="sm" look="quiet" onPress={() => setDeclaring(true)}>
              <Plus size={14} aria-hidden />
              {l.declare.open}
            </Button>
          ) : null}
          <IconButton aria-label={l.look} onPress={() => void query.refetch()}>
            <RotateCw size={14} aria-hidden />
          </IconButton>
        </span>
      </header>
      {query.error ? (
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={2} />
      ) : query.data.total === 0 ? (
        <p className="rounded-xl border border-dashed border-line px-4 py-3 text-sm text-muted">
          <span className="font-medium text-ink">{l.none}.</span> {l.noneText}
        </p>
      ) : (
        <ConsumerList
          name={secret.name}
          radius={query.data}
          onForget={may("consumer.remove") ? setForgetting : undefined}
        />
      )}
      {declaring ? (
        <DeclareConsumer tenant={tenant} secret={secret} onClose={() => setDeclaring(false)} />
      ) : null}
      {forgetting === null ? null : (
        <ForgetConsumer
          tenant={tenant}
          secret={secret}
          consumer={forgetting}
          onClose={() => setForgetting(null)}
        />
      )}
    </section>
  );
}
