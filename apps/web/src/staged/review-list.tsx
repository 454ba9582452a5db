import { FilePen, Minus, Pencil, Plus, TriangleAlert, X } from "lucide-react";
import { Mask } from "../reveal/mask.tsx";
import { Badge, type Tone } from "../ui/badge.tsx";
import { IconButton } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { State } from "../ui/state.tsx";
import { s } from "./messages.ts";
import { warningsOf } from "./parse.ts";
import type { Kind, Reviewed } from "./stage.ts";

const LOOKS: Record<Kind, { Icon: typeof Plus; tone: Tone; colour: string }> = {
  added: { Icon: Plus, tone: "good", colour: "text-good-text" },
  changed: { Icon: Pencil, tone: "warn", colour: "text-warn-text" },
  unchanged: { Icon: Minus, tone: "plain", colour: "text-faint" },
  removed: { Icon: X, tone: "danger", colour: "text-danger-text" },
};
const CHOICES = [
  { id: "replace", label: s.replace },
  { id: "keep", label: s.keep },
] as const;

interface Props {
  reviewed: readonly Reviewed[];
  onKeep: (name: string, keep: boolean) => void;
  onDrop: (name: string) => void;
}

/** What is staged, each with what it does, what may be wrong with it, and a choice where something is there already. */
export function ReviewList({ reviewed, onKeep, onDrop }: Props) {
  if (reviewed.length === 0)
    return <State icon={<FilePen size={20} aria-hidden />} title={s.none} text={s.noneText} />;
  return (
    <ul aria-label={s.list} className="divide-y divide-line">
      {reviewed.map((one) => (
        <Row key={one.change.name} one={one} onKeep={onKeep} onDrop={onDrop} />
      ))}
    </ul>
  );
}

function Row({ one, onKeep, onDrop }: { one: Reviewed } & Omit<Props, "reviewed">) {
  const { change, kind, version, equals, kept } = one;
  const { Icon, tone, colour } = LOOKS[kind];
  const warnings = [
    ...(change.what === "set" ? warningsOf(change.value).map((warning) => s.warnings[warning]) : []),
    ...(equals.length > 0 && kind !== "unchanged" ? [s.warnings.equals(equals.join(", "))] : []),
  ];
  return (
    <li
      className={`flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 text-sm ${kept ? "bg-sunken" : ""}`}
    >
      <Icon size={15} aria-hidden className={`shrink-0 ${colour}`} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className={`font-mono font-medium break-all ${kind === "removed" ? "line-through" : ""}`}>
            {change.name}
          </span>
          <Badge tone={tone}>{s.kinds[kind]}</Badge>
          {kind === "changed" && version !== null ? (
            <span className="text-xs text-muted">{s.replaces(version)}</span>
          ) : null}
        </p>
        {warnings.map((warning) => (
          <p key={warning} className="mt-0.5 flex items-center gap-1.5 text-xs text-warn-text">
            <TriangleAlert size={12} aria-hidden className="shrink-0" />
            {warning}
          </p>
        ))}
      </div>
      {change.what === "set" ? (
        <span className="hidden sm:block">
          <Mask />
        </span>
      ) : null}
      {kind === "changed" ? (
        <div className="order-last w-full sm:order-none sm:w-52">
          <Choice
            compact
            label={s.conflict(change.name)}
            options={CHOICES}
            value={kept ? "keep" : "replace"}
            onChange={(choice) => onKeep(change.name, choice === "keep")}
          />
        </div>
      ) : null}
      <IconButton aria-label={s.drop(change.name)} onPress={() => onDrop(change.name)}>
        <X size={15} aria-hidden />
      </IconButton>
    </li>
  );
}
