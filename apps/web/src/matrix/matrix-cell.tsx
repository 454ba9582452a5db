import {
  Check,
  CircleAlert,
  CircleDashed,
  Clock,
  Hourglass,
  Lock,
  Minus,
  OctagonX,
  TriangleAlert,
} from "lucide-react";
import type { MouseEvent } from "react";
import { secretPath } from "../place/use-follow.ts";
import { x } from "./messages.ts";
import type { Cell } from "./use-matrix.ts";

// Made once: ten thousand rows show the same few signs.
const SET = <Check size={14} aria-hidden className="text-good-text" />;
const EMPTY = <CircleDashed size={14} aria-hidden className="text-warn-text" />;
const HIDDEN = <Lock size={13} aria-hidden className="text-muted" />;
const MISSING = (
  <span className="flex items-center gap-1.5 px-3 text-faint">
    <Minus size={14} aria-hidden />
    <span className="text-xs">{x.cell.missing}</span>
  </span>
);

const TROUBLES = {
  failed: { Icon: OctagonX, colour: "text-danger-text" },
  expired: { Icon: CircleAlert, colour: "text-danger-text" },
  overdue: { Icon: TriangleAlert, colour: "text-danger-text" },
  due: { Icon: Clock, colour: "text-warn-text" },
  expiring: { Icon: Hourglass, colour: "text-warn-text" },
} as const;

interface Props {
  tenant: string;
  project: string;
  environment: string;
  cell: Cell | null;
  /** Which of the row's values it is, where they differ. */
  letter: string | null;
  /** What a click on it does, see `useFollow`. */
  onFollow: (event: MouseEvent<HTMLAnchorElement>) => void;
}

/** One key in one environment: a sign for each thing that there is to know, and the same in words. */
export function MatrixCell({ tenant, project, environment, cell, letter, onFollow }: Props) {
  if (cell === null) return MISSING;
  const words = wordsOf(cell, letter).join(", ");
  return (
    <a
      href={secretPath({ tenant, project, environment }, cell.id)}
      onClick={onFollow}
      data-hint={words}
      className="flex h-full items-center gap-1.5 px-3 -outline-offset-2 hover:bg-hover"
    >
      <span className="sr-only">{x.cell.label(environment, words)}</span>
      {signOf(cell)}
      {cell.version === null ? null : (
        <span aria-hidden className="font-mono text-xs text-muted">
          {x.cell.version(cell.version)}
        </span>
      )}
      {letter === null ? null : <Letter letter={letter} />}
      {cell.trouble === null ? null : <Trouble trouble={cell.trouble} />}
    </a>
  );
}

const signOf = ({ state, readable }: Pick<Cell, "state" | "readable">) =>
  state === "empty" ? EMPTY : readable ? SET : HIDDEN;

function Letter({ letter }: { letter: string }) {
  return (
    <span
      aria-hidden
      className="grid h-4 min-w-4 place-items-center rounded border border-line-strong bg-surface px-0.5 text-xs leading-none font-semibold"
    >
      {letter}
    </span>
  );
}

function Trouble({ trouble }: { trouble: keyof typeof TROUBLES }) {
  const { Icon, colour } = TROUBLES[trouble];
  return <Icon size={14} aria-hidden className={colour} />;
}

function wordsOf(cell: Cell, letter: string | null): string[] {
  return [
    cell.state === "empty" ? x.cell.empty : cell.readable ? x.cell.set : x.cell.hidden,
    ...(cell.version === null ? [] : [x.cell.version(cell.version)]),
    ...(letter === null ? [] : [x.cell.differs(letter)]),
    ...(cell.trouble === null ? [] : [x.cell[cell.trouble]]),
  ];
}

/** Every sign that a cell can show, with its meaning. */
export function Legend() {
  return (
    <ul aria-label={x.legend} className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      <Item icon={SET} words={x.cell.set} />
      <Item icon={<Minus size={14} aria-hidden />} words={x.cell.missing} />
      <Item icon={<Letter letter="A" />} words={x.legendDiffers} />
      <Item icon={HIDDEN} words={x.cell.hidden} />
      <Item icon={EMPTY} words={x.cell.empty} />
      {(Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]).map((trouble) => (
        <Item key={trouble} icon={<Trouble trouble={trouble} />} words={x.cell[trouble]} />
      ))}
    </ul>
  );
}

function Item({ icon, words }: { icon: React.ReactNode; words: string }) {
  return (
    <li className="flex items-center gap-1.5">
      {icon}
      {words}
    </li>
  );
}
