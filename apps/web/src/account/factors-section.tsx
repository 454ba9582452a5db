import { useQueryClient } from "@tanstack/react-query";
import { Fingerprint, ShieldOff, Smartphone } from "lucide-react";
import { useState } from "react";
import type { Factor, Me } from "../data/people.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Moment } from "../ui/moment.tsx";
import { Section } from "../ui/section.tsx";
import { State } from "../ui/state.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { AddApp } from "./add-app.tsx";
import { AddPasskey } from "./add-passkey.tsx";
import { callMe } from "./call-me.ts";
import { a } from "./messages.ts";
import { RecoveryCodes } from "./recovery-codes.tsx";

/** What one proves besides the password. */
export function FactorsSection({ me }: { me: Me }) {
  const queries = useQueryClient();
  const [adding, setAdding] = useState<"app" | "passkey" | null>(null);
  const [removing, setRemoving] = useState<Factor | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const { busy, run } = useAction();
  const hasApp = me.factors.some((factor) => factor.kind === "totp");

  function changed(recoveryCodes: readonly string[] | null) {
    setAdding(null);
    setRemoving(null);
    setCodes(recoveryCodes);
    void queries.invalidateQueries({ queryKey: ["people"] });
  }
  const makeCodes = () =>
    run(async () => {
      try {
        changed(
          (await callMe<{ recoveryCodes: string[] }>("POST", "/people/me/recovery-codes", {})).recoveryCodes,
        );
      } catch (error) {
        tellFailure(error);
      }
    });

  return (
    <Section
      title={a.factors}
      text={a.factorsText}
      actions={
        <div className="flex flex-wrap gap-2">
          <Button onPress={() => setAdding("passkey")}>
            <Fingerprint size={15} aria-hidden />
            {a.addPasskey}
          </Button>
          {hasApp ? null : (
            <Button look="primary" onPress={() => setAdding("app")}>
              <Smartphone size={15} aria-hidden />
              {a.addApp}
            </Button>
          )}
        </div>
      }
    >
      {me.factors.length === 0 ? (
        <State icon={<ShieldOff size={20} aria-hidden />} title={a.noFactors} text={a.noFactorsText} />
      ) : (
        <ul aria-label={a.factors} className="divide-y divide-line">
          {me.factors.map((factor) => (
            <li key={factor.id} className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-2 font-medium">
                  {factor.name} <Badge tone="good">{a.on}</Badge>
                </p>
                <p className="mt-0.5 text-sm text-muted">
                  {a.added} <Moment at={factor.createdAt} /> ·{" "}
                  {factor.usedAt === null ? (
                    a.neverUsed
                  ) : (
                    <>
                      {a.used} <Moment at={factor.usedAt} />
                    </>
                  )}
                </p>
              </div>
              <Button
                size="sm"
                look="danger-quiet"
                aria-label={a.remove(factor.name)}
                onPress={() => setRemoving(factor)}
              >
                {a.removeShort}
              </Button>
            </li>
          ))}
          <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
            <p className="flex-1 text-sm text-muted">{a.codesLeft(me.recoveryCodesLeft)}</p>
            <Button size="sm" isPending={busy} onPress={() => void makeCodes()}>
              {a.codesNew}
            </Button>
          </li>
        </ul>
      )}
      {adding === "app" ? <AddApp me={me} onDone={changed} onClose={() => setAdding(null)} /> : null}
      {adding === "passkey" ? <AddPasskey me={me} onDone={changed} onClose={() => setAdding(null)} /> : null}
      {removing === null ? null : (
        <Confirm
          title={a.removeTitle(removing.name)}
          text={a.removeText}
          word={a.removeShort}
          onClose={() => setRemoving(null)}
          work={async () => {
            await callMe("DELETE", `/people/me/factors/${removing.id}`);
            tell(a.removed);
            changed(null);
          }}
        />
      )}
      {codes === null ? null : <RecoveryCodes codes={codes} onClose={() => setCodes(null)} />}
    </Section>
  );
}
