import { lazy, Suspense, useState } from "react";
import { useMay } from "../data/identity.ts";
import { Button } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { Section } from "../ui/section.tsx";
import { k } from "./messages.ts";
import type { KeyJob, TenantJob } from "./use-key-job.ts";

const ExposedDialog = lazy(async () => ({ default: (await import("./exposed-dialog.tsx")).ExposedDialog }));

interface Props {
  /** The newest removal of an opener, if there was one. */
  removal: KeyJob | undefined;
  busy: boolean;
  onAsk: (kind: Exclude<TenantJob, "remove_opener">) => void;
}

/** What is done over tenants' own keys, which the root keys wrap. */
export function TenantKeys({ removal, busy, onAsk }: Props) {
  const may = useMay();
  const [open, setOpen] = useState(false);
  return (
    <div className="mt-8">
      <Section
        title={k.tenantKeys}
        text={k.tenantKeysLead}
        actions={
          <div className="flex flex-wrap gap-2">
            {may("key.re_encrypt") ? (
              <Button isDisabled={busy} onPress={() => onAsk("re_encrypt")}>
                {k.reEncrypt}
              </Button>
            ) : null}
            {may("key.rotate_tenant") ? (
              <Button isDisabled={busy} onPress={() => onAsk("rotate_tenant")}>
                {k.rotateTenant}
              </Button>
            ) : null}
          </div>
        }
      >
        {removal?.opener == null ? (
          <p className="px-4 py-3.5 text-sm text-muted">{k.noRemoval}</p>
        ) : (
          <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3 text-sm">
            <p className="min-w-0">
              {removal.state === "done" ? k.removed : k.removing} <Moment at={removal.startedAt} />
              <code className="mt-0.5 block break-all text-muted">{removal.opener}</code>
            </p>
            {may("key.list_exposed") ? (
              <Button size="sm" onPress={() => setOpen(true)}>
                {k.exposed}
              </Button>
            ) : null}
          </div>
        )}
      </Section>
      {open && removal?.opener != null ? (
        <Suspense>
          <ExposedDialog job={removal.id} opener={removal.opener} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}
