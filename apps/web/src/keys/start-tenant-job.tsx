import { useState } from "react";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { k } from "./messages.ts";
import type { TenantJob, Work } from "./use-key-job.ts";

interface Props {
  kind: TenantJob;
  /** The root key that is removed; null for the other jobs. */
  opener: string | null;
  onStart: (work: Work) => void;
  onClose: () => void;
}

/** Asks over which tenant's keys a job goes; a removal wants the end of the fingerprint typed, as a retirement does. */
export function StartTenantJob({ kind, opener, onStart, onClose }: Props) {
  const [tenant, setTenant] = useState("");
  const [secret, setSecret] = useState("");
  const [digests, setDigests] = useState(false);
  const [typed, setTyped] = useState("");
  const end = (opener ?? "").slice(-4);
  const one = orAll(tenant);
  const words = k.tenantJob[kind];
  // A secret is found in its tenant only, and digests are a whole tenant's.
  const lonely = orAll(secret) !== null && one === null;
  const ready = kind === "remove_opener" ? typed.trim() === end : !lonely;
  const work = (): Work =>
    kind === "remove_opener"
      ? { kind, opener: opener ?? "", tenant: one }
      : kind === "rotate_tenant"
        ? { kind, tenant: one }
        : { kind, tenant: one, secret: orAll(secret), digests: digests && orAll(secret) === null };
  return (
    <FormDialog
      role="alertdialog"
      title={words.title}
      lead={words.text}
      onSubmit={() => {
        onClose();
        onStart(work());
      }}
      onClose={onClose}
      word={kind === "remove_opener" ? k.remove : k.begin}
      look={kind === "remove_opener" ? "danger" : "primary"}
      ready={ready}
    >
      <Field label={k.tenant} optional hint={k.tenantHint} mono value={tenant} onChange={setTenant} />
      {kind === "re_encrypt" ? (
        <>
          <Field
            label={k.secret}
            optional
            hint={k.secretHint}
            error={lonely ? k.secretLonely : undefined}
            mono
            value={secret}
            onChange={setSecret}
          />
          {orAll(secret) === null ? (
            <Checkbox checked={digests} onChange={setDigests} hint={k.digestsHint}>
              {k.digests}
            </Checkbox>
          ) : null}
        </>
      ) : null}
      {kind === "remove_opener" ? (
        <>
          <code className="block rounded-lg bg-sunken px-3 py-2 text-sm break-all">{opener}</code>
          <Field label={k.retireType(end)} mono value={typed} onChange={setTyped} />
        </>
      ) : null}
    </FormDialog>
  );
}

const orAll = (typed: string): string | null => (typed.trim() === "" ? null : typed.trim());
