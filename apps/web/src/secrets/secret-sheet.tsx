import { Copy, Eye, Pencil, RotateCw, Share2, Trash2 } from "lucide-react";
import { useState } from "react";
import { AccessSection } from "../access/policy-section.tsx";
import { useIdentity, useMay } from "../data/identity.ts";
import type { Secret } from "../data/trpc.ts";
import { ConsumersSection } from "../life/consumers-section.tsx";
import { l } from "../life/messages.ts";
import { PolicySection } from "../life/policy-section.tsx";
import { k } from "../links/messages.ts";
import { ShareLink } from "../links/share-link.tsx";
import { m } from "../messages.ts";
import { Mask } from "../reveal/mask.tsx";
import { copyAndTell, readValue } from "../reveal/read-value.ts";
import { RevealAnnouncer, ShownValue } from "../reveal/shown-value.tsx";
import { useReveal } from "../reveal/use-reveal.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Fact } from "../ui/fact.tsx";
import { Moment } from "../ui/moment.tsx";
import { AboutSecret } from "../ui/state.tsx";
import { DeleteSecret } from "./delete-secret.tsx";
import { EditDetails } from "./edit-details.tsx";
import { e } from "./edit-messages.ts";
import { History } from "./history.tsx";
import { sm } from "./messages.ts";
import { RotateSecret } from "./rotate-secret.tsx";
import { useSealed } from "./sealed.ts";
import { SecretAudit } from "./secret-audit.tsx";
import type { Place } from "./secret-table.tsx";

interface Props {
  place: Place;
  secret: Secret;
  onGone: () => void;
}

export function SecretSheet({ place, secret, onGone }: Props) {
  const may = useMay();
  const who = useIdentity().type;
  const reveal = useReveal();
  const [open, setOpen] = useState<"rotate" | "share" | "details" | "delete" | null>(null);
  const { tenant } = place;
  const { id, name } = secret;
  const sealed = useSealed(secret);
  const mayReveal = may("secret.reveal") && !sealed;
  const shown = reveal.shown?.revealed ?? null;
  const close = () => setOpen(null);
  const ask = (action: "rotate" | "share" | "details" | "delete") => {
    reveal.hide();
    setOpen(action);
  };
  return (
    <AboutSecret value={id}>
      <div className="flex-1 space-y-7 px-5 py-5">
        <section>
          {shown ? (
            <ShownValue revealed={shown} onHide={reveal.hide} />
          ) : (
            <div className="flex min-h-12 flex-wrap items-center gap-2 rounded-xl border border-line bg-sunken py-2 pr-2 pl-3.5">
              {secret.state === "empty" ? (
                <p className="py-1 text-sm">
                  <Badge tone="warn">{m.secrets.emptyState}</Badge>{" "}
                  <span className="text-muted">{m.secrets.emptyStateHint}</span>
                </p>
              ) : (
                <Mask />
              )}
              {secret.state === "live" && mayReveal ? (
                <span className="ml-auto flex gap-1">
                  <Button
                    size="sm"
                    isPending={reveal.asked !== null}
                    aria-label={m.reveal.showFor(name)}
                    onPress={() => reveal.show(id, (signal) => readValue({ tenant, id }, signal))}
                  >
                    <Eye size={14} aria-hidden />
                    {m.reveal.show}
                  </Button>
                  <Button
                    size="sm"
                    aria-label={m.reveal.copyFor(name)}
                    onPress={() =>
                      void copyAndTell(name, async () => (await readValue({ tenant, id })).value)
                    }
                  >
                    <Copy size={13} aria-hidden />
                    {m.copy}
                  </Button>
                </span>
              ) : null}
            </div>
          )}
          <RevealAnnouncer shown={shown !== null} />
          {mayReveal ? null : (
            <p className="mt-2 text-sm text-muted">{sealed ? e.sealed : m.secrets.noValues[who]}</p>
          )}
          {may("secret.rotate") ? (
            <div className="mt-3 flex flex-wrap gap-2">
              <Button look="primary" onPress={() => ask("rotate")}>
                <RotateCw size={14} aria-hidden />
                {m.secrets.rotate}
              </Button>
              {secret.state === "live" && may("link.share") && mayReveal ? (
                <Button onPress={() => ask("share")}>
                  <Share2 size={14} aria-hidden />
                  {k.shareOnce}
                </Button>
              ) : null}
            </div>
          ) : null}
        </section>
        {secret.description === "" ? null : <p className="text-base text-muted">{secret.description}</p>}
        <ConsumersSection tenant={tenant} secret={secret} />
        {may("rotation.get_policy") ? <PolicySection tenant={tenant} secret={secret} /> : null}
        <AccessSection tenant={tenant} secret={secret} />
        <section aria-labelledby="history">
          <History tenant={tenant} secret={secret} mayReveal={mayReveal} />
        </section>
        <section aria-labelledby="details">
          <div className="mb-2 flex items-center justify-between gap-4">
            <h3 id="details" className="text-base font-semibold tracking-tight">
              {sm.secret.details}
            </h3>
            {may("secret.update") ? (
              <Button size="sm" look="quiet" onPress={() => ask("details")}>
                <Pencil size={13} aria-hidden />
                {e.open}
              </Button>
            ) : null}
          </div>
          <dl className="divide-y divide-line border-y border-line text-sm">
            <Fact name={sm.secret.created}>
              <Moment at={secret.createdAt} /> {sm.history.by(secret.createdBy.name)}
            </Fact>
            <Fact name={sm.secret.grace}>
              {secret.graceSeconds === null
                ? sm.secret.graceDefault
                : secret.graceSeconds === 0
                  ? sm.rotate.graceNone
                  : l.duration(secret.graceSeconds)}
            </Fact>
            {Object.entries(secret.tags).length === 0 ? null : (
              <Fact name={sm.secret.tags}>
                <span className="flex flex-wrap justify-end gap-1">
                  {Object.entries(secret.tags).map(([key, text]) => (
                    <Badge key={key}>{text === "" ? key : `${key}: ${text}`}</Badge>
                  ))}
                </span>
              </Fact>
            )}
            <Fact name={sm.secret.id}>
              <code className="text-xs select-all">{id}</code>
            </Fact>
          </dl>
        </section>
        {may("audit.list") ? <SecretAudit tenant={tenant} id={id} /> : null}
        {may("secret.delete") ? (
          <section className="flex flex-wrap items-center justify-between gap-3">
            <p className="text-sm text-muted">{sm.secret.dangerText}</p>
            <Button look="danger-quiet" onPress={() => ask("delete")}>
              <Trash2 size={14} aria-hidden />
              {sm.secret.danger}
            </Button>
          </section>
        ) : null}
        {open === "rotate" ? <RotateSecret tenant={tenant} secret={secret} onClose={close} /> : null}
        {open === "share" ? <ShareLink tenant={tenant} secret={secret} onClose={close} /> : null}
        {open === "details" ? <EditDetails tenant={tenant} secret={secret} onClose={close} /> : null}
        {open === "delete" ? (
          <DeleteSecret tenant={tenant} secret={secret} onClose={close} onDeleted={onGone} />
        ) : null}
      </div>
    </AboutSecret>
  );
}
