import { X } from "lucide-react";
import { useState } from "react";
import { inOrderOfNames } from "../locale.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { l } from "./messages.ts";
import { RadiusPicture, StateMark, Sums } from "./radius-picture.tsx";
import type { BlastRadius, Consumer } from "./use-blast-radius.ts";
import { VersionsBar } from "./versions-bar.tsx";

// Who would notice first stands first.
const RANK: Record<Consumer["state"], number> = { behind: 0, current: 1, never_seen: 2, gone: 3 };

interface Props {
  name: string;
  radius: BlastRadius;
  /** How many stand there before somebody asks for all. */
  first?: number;
  /** Asks to forget one; none can be forgotten when left out. */
  onForget?: ((consumer: string) => void) | undefined;
}

/** The blast radius: a picture, its sums, and who it is. */
export function ConsumerList({ name, radius, first = 5, onForget }: Props) {
  const [all, setAll] = useState(false);
  const ordered = radius.consumers.toSorted(
    (a, b) => RANK[a.state] - RANK[b.state] || inOrderOfNames(a.name, b.name),
  );
  const shown = all ? ordered : ordered.slice(0, first);
  return (
    <div className="overflow-hidden rounded-xl border border-line">
      <div className="flex items-center gap-5 bg-sunken px-4 py-2">
        <RadiusPicture radius={radius} />
        <Sums radius={radius} />
      </div>
      <VersionsBar radius={radius} />
      <ul aria-label={l.consumersLabel(name)} className="divide-y divide-line border-t border-line">
        {shown.map((consumer) => (
          <Row key={consumer.name} consumer={consumer} onForget={onForget} />
        ))}
      </ul>
      {ordered.length > shown.length ? (
        <div className="border-t border-line p-1.5 text-center">
          <Button look="quiet" size="sm" onPress={() => setAll(true)}>
            {l.showAll(ordered.length)}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Row({ consumer, onForget }: { consumer: Consumer; onForget: Props["onForget"] }) {
  const { name, kind, state, lastReadAt, uses, lastVersion } = consumer;
  const versions =
    uses.length > 0
      ? uses.map(({ version }) => `v${version}`)
      : lastVersion === null
        ? []
        : [`v${lastVersion}`];
  return (
    <li className="flex items-start gap-3 px-4 py-2.5 text-sm">
      <span className="mt-1">
        <StateMark state={state} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium break-all">{name}</span>
          <span className="text-xs text-muted">{l.kinds[kind] ?? kind}</span>
        </span>
        <span className="block text-xs text-muted">
          {lastReadAt === null ? (
            l.declaredOnly
          ) : (
            <>
              {l.lastRead} <Moment at={lastReadAt} />
            </>
          )}
        </span>
      </span>
      <span className="shrink-0 text-right">
        <span className={`block text-xs font-medium ${state === "behind" ? "text-warn-text" : "text-muted"}`}>
          {l.state[state]}
        </span>
        <span className="block font-mono text-xs text-muted">{versions.join(", ")}</span>
      </span>
      {onForget === undefined ? null : (
        <span className="-my-0.5 -mr-2">
          <IconButton aria-label={l.forget.open(name)} onPress={() => onForget(name)}>
            <X size={14} aria-hidden />
          </IconButton>
        </span>
      )}
    </li>
  );
}
