import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useState } from "react";
import { Heading } from "react-aria-components/Heading";
import { toFailure } from "../data/failure.ts";
import { trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { sm } from "./messages.ts";
import { SecretSheet } from "./secret-sheet.tsx";

/** One secret, beside the list: a route of its own, so that it can be linked to. */
export function SecretDrawer() {
  const { secretId, ...place } = useParams({ from: "/app/t/$tenant/$project/$environment/s/$secretId" });
  const navigate = useNavigate();
  const query = useQuery({
    ...trpc.secrets.get.queryOptions({ tenant: place.tenant, id: secretId }),
    // An address may hold any text; only an id is worth asking for.
    enabled: /^[0-9a-f-]{36}$/i.test(secretId),
  });
  const [leaving, setLeaving] = useState(false);
  const close = () => {
    setLeaving(true);
    void navigate({ to: "/t/$tenant/$project/$environment", params: place });
  };
  const secret = query.data;
  useTitle(secret?.name ?? m.secrets.title, `${place.project}/${place.environment}`, place.tenant);
  const gone =
    !/^[0-9a-f-]{36}$/i.test(secretId) ||
    secret?.state === "deleted" ||
    (query.error !== null && toFailure(query.error).code === "not_found");

  return (
    <Drawer label={secret?.name ?? m.secrets.title} isOpen={!leaving} onClose={close}>
      <header className="sticky top-0 z-10 flex items-start gap-3 border-b border-line bg-surface px-5 py-4">
        <div className="min-w-0 flex-1">
          <Heading slot="title" className="font-mono text-lg leading-6 font-semibold break-all">
            {secret?.name ?? m.secrets.title}
          </Heading>
          <p className="mt-0.5 text-sm text-muted">
            {place.project} / {place.environment}
          </p>
        </div>
        <div className="-mr-1.5">
          <IconButton aria-label={m.close} onPress={close}>
            <X size={16} aria-hidden />
          </IconButton>
        </div>
      </header>
      {gone ? (
        <State icon={<X size={20} aria-hidden />} title={sm.secret.gone} text={sm.secret.goneText}>
          <Button onPress={close}>{sm.secret.back}</Button>
        </State>
      ) : query.error && secret === undefined ? (
        // What was read before stays where reading it anew fails: a form may be open over it.
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      ) : secret === undefined ? (
        <SkeletonRows rows={4} />
      ) : (
        <SecretSheet place={place} secret={secret} onGone={close} />
      )}
    </Drawer>
  );
}
