import { Vault } from "lucide-react";
import type { Outputs } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { k } from "./messages.ts";

type RootKey = Outputs["keys"]["status"]["rootKeys"][number];

interface Props {
  root: RootKey;
  /** How many keys there are in all. */
  keys: number;
  onRetire: (() => void) | null;
  onRemove: (() => void) | null;
}

/** One root key: its fingerprint, what it is, how old, and how much it wraps. */
export function RootKeyRow({ root, keys, onRetire, onRemove }: Props) {
  const retired = root.retiredAt !== null;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <span
        aria-hidden
        className={`grid size-8 shrink-0 place-items-center rounded-lg ${root.current ? "bg-accent-soft text-accent-text" : "bg-sunken text-muted"}`}
      >
        <Vault size={16} />
      </span>
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <code className={`text-sm font-medium break-all ${retired ? "text-muted" : ""}`}>{root.id}</code>
          {root.current ? <Badge tone="accent">{k.current}</Badge> : null}
          {retired ? <Badge>{k.retired}</Badge> : null}
          {!retired && !root.current && root.held ? <Badge>{k.opensOnly}</Badge> : null}
          {!retired && !root.held ? <Badge tone="warn">{k.notHeld}</Badge> : null}
        </p>
        <p className="mt-0.5 text-sm text-muted">
          {k.age(root.ageDays)} · {k.wraps(root.wraps, keys)}
        </p>
      </div>
      {onRemove === null ? null : (
        <Button size="sm" look="danger-quiet" aria-label={k.removeFor(root.id)} onPress={onRemove}>
          {k.remove}
        </Button>
      )}
      {onRetire === null ? null : (
        <Button size="sm" look="danger-quiet" aria-label={k.retireFor(root.id)} onPress={onRetire}>
          {k.retire}
        </Button>
      )}
    </li>
  );
}
