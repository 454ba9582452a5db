import { codeOf, isHandoverKey, sealFor } from "@keyfold/client/handover";
import { useQuery } from "@tanstack/react-query";
import { Terminal } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { tk } from "../tokens/messages.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { ShownOnce } from "../ui/shown-once.tsx";
import { FailureNote, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { useAction } from "../ui/use-action.ts";
import { cn } from "./messages.ts";

const DAY = 86_400;
const EXPIRIES = [
  { id: "day", label: tk.expiries.day, seconds: DAY },
  { id: "month", label: tk.expiries.month, seconds: 30 * DAY },
  { id: "quarter", label: tk.expiries.quarter, seconds: 90 * DAY },
] as const;
const PRESETS = (["reader", "writer", "admin"] as const).map((id) => ({ id, ...tk.presets[id]! }));

/** What the command line put behind the #, which no server sees. */
interface Asking {
  key: string;
  host: string;
  /** Where it listens on the machine of this browser; null: the person pastes. */
  port: number | null;
}

function askingOf(hash: string): Asking | null {
  const facts = new URLSearchParams(hash.replace(/^#/, ""));
  const [key, port] = [facts.get("key") ?? "", facts.get("port")];
  const number = port === null ? null : Number(port);
  if (
    !isHandoverKey(key) ||
    (number !== null && !(Number.isInteger(number) && number > 0 && number < 65_536))
  )
    return null;
  // Whoever made the address chose this text.
  const host = (facts.get("host") ?? "").replace(/[^\w.-]/g, "").slice(0, 64);
  return { key, host: host === "" ? "?" : host, port: number };
}

/** Signs a terminal in: a token of its own, sealed to the command that asked for it. */
export function ConnectPage() {
  useTitle(cn.title);
  const identity = useIdentity();
  const [asking] = useState(() => askingOf(window.location.hash));
  if (asking === null || identity.tenant === null)
    return (
      <State
        alone
        icon={<Terminal size={20} aria-hidden />}
        title={asking === null ? cn.wrong : cn.operator}
        text={asking === null ? cn.wrongText : cn.operatorText}
      />
    );
  return <Confirm asking={asking} tenant={identity.tenant.slug} />;
}

function Confirm({ asking, tenant }: { asking: Asking; tenant: string }) {
  const { origin } = window.location;
  const code = useQuery({
    queryKey: ["connect", asking.key],
    queryFn: () => codeOf(asking.key, origin),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  const [preset, setPreset] = useState<"reader" | "writer" | "admin">("reader");
  const [expiry, setExpiry] = useState<(typeof EXPIRIES)[number]["id"]>("day");
  const { busy, failed, run } = useAction();
  const [sealed, setSealed] = useState<string | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    await run(async () => {
      const { token } = await client.tokens.create.mutate({
        tenant,
        name: cn.tokenName(asking.host),
        preset,
        expiresInSeconds: EXPIRIES.find(({ id }) => id === expiry)!.seconds,
      });
      const text = await sealFor(asking.key, token!, origin);
      void queries.invalidateQueries(trpc.tokens.pathFilter());
      // Sealed: an address may hold it. Only this machine is asked, and only where the command listens.
      if (asking.port !== null) window.location.replace(`http://127.0.0.1:${asking.port}/?sealed=${text}`);
      else setSealed(text);
    });
  }

  return (
    <>
      <PageHeader title={cn.title} lead={cn.lead} />
      <div className={`${CARD} max-w-xl p-6`}>
        {sealed === null ? (
          <form onSubmit={submit} noValidate className="space-y-5">
            <div>
              <p className="text-sm text-muted">{cn.code}</p>
              <output className="mt-1 block font-mono text-2xl tracking-widest">{code ?? "…"}</output>
              <p className="mt-2 text-sm text-muted">{cn.from(asking.host)}</p>
            </div>
            <Choice label={cn.may} options={PRESETS} value={preset} onChange={setPreset} />
            <Choice label={cn.ends} options={EXPIRIES} value={expiry} onChange={setExpiry} />
            <FailureNote error={failed} />
            <Button type="submit" look="primary" wide isPending={busy} isDisabled={code === undefined}>
              {busy ? cn.busy : cn.confirm}
            </Button>
            <p className="text-sm text-muted">{cn.notMine}</p>
          </form>
        ) : (
          <div className="space-y-3">
            <p className="text-sm text-muted">{cn.pasteText}</p>
            <ShownOnce token={sealed} name={cn.pasteName} label={cn.paste} />
          </div>
        )}
      </div>
    </>
  );
}
