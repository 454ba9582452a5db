import { l } from "./messages.ts";
import type { BlastRadius, Consumer } from "./use-blast-radius.ts";

type State = Consumer["state"];
const STATES: readonly State[] = ["current", "behind", "gone", "never_seen"];
/** Rings from the secret outwards: who has moved stands near. Units of the picture, which is 168 wide. */
const RINGS: Record<State, number> = { current: 34, behind: 52, gone: 70, never_seen: 70 };
const MOST = 36;

/** The secret in the middle, its consumers around it: each state has a shape and a distance of its own. */
export function RadiusPicture({ radius }: { radius: BlastRadius }) {
  const dots = place(radius.consumers.slice(0, MOST));
  return (
    <svg viewBox="6 6 156 156" className="size-30 shrink-0" aria-hidden="true">
      {[34, 52, 70].map((r) => (
        <circle
          key={r}
          cx="84"
          cy="84"
          r={r}
          className="fill-none stroke-line-strong/50"
          strokeDasharray="2 4"
        />
      ))}
      {dots.map(({ name, state, x, y }) => (
        <line
          key={name}
          x1="84"
          y1="84"
          x2={x}
          y2={y}
          className={
            state === "current"
              ? "stroke-accent/40"
              : state === "behind"
                ? "stroke-warn-text/50"
                : "stroke-line-strong/50"
          }
        />
      ))}
      <circle cx="84" cy="84" r="17" className="fill-accent-soft stroke-accent" strokeWidth="1.5" />
      <text x="84" y="88" textAnchor="middle" className="fill-accent-text text-[12px] font-semibold">
        {radius.version === null ? "–" : `v${radius.version}`}
      </text>
      {dots.map(({ name, state, x, y }) => (
        <g key={name} transform={`translate(${x - 6} ${y - 6})`}>
          <Shape state={state} />
        </g>
      ))}
    </svg>
  );
}

/** A state's sign, 12 by 12: known by its shape, the colour only helps. */
function Shape({ state }: { state: State }) {
  switch (state) {
    case "current":
      return <circle cx="6" cy="6" r="5" className="fill-accent" />;
    case "behind":
      return <path d="M6 0.5 11.8 11.2H0.2Z" className="fill-warn-text" />;
    case "gone":
      return <circle cx="6" cy="6" r="4.2" className="fill-surface stroke-muted" strokeWidth="1.6" />;
    case "never_seen":
      return (
        <circle
          cx="6"
          cy="6"
          r="4.2"
          className="fill-surface stroke-muted"
          strokeWidth="1.6"
          strokeDasharray="2 2.4"
        />
      );
  }
}

/** A state's sign in a line of text. */
export function StateMark({ state }: { state: State }) {
  return (
    <svg viewBox="0 0 12 12" className="size-3 shrink-0" aria-hidden="true">
      <Shape state={state} />
    </svg>
  );
}

/** The sums, each with its sign: what the picture says, in words. */
export function Sums({ radius }: { radius: BlastRadius }) {
  const said = sums(radius);
  return (
    <ul className="space-y-1 text-sm">
      {said.map(({ state, text }) => (
        <li key={state} className="flex items-center gap-2">
          <StateMark state={state} />
          {text}
        </li>
      ))}
    </ul>
  );
}

export function sums(radius: BlastRadius): { state: State; text: string }[] {
  const counts: Record<State, number> = {
    current: radius.current,
    behind: radius.behind,
    gone: radius.gone,
    never_seen: radius.neverSeen,
  };
  return STATES.filter((state) => counts[state] > 0).map((state) => ({
    state,
    text: state === "current" ? l.sums.current(counts.current, radius.version) : l.sums[state](counts[state]),
  }));
}

function place(consumers: readonly Consumer[]) {
  const ordered = STATES.flatMap((state) => consumers.filter((one) => one.state === state));
  return ordered.map(({ name, state }, i) => {
    const turn = (i / ordered.length) * 2 * Math.PI - Math.PI / 2;
    return { name, state, x: 84 + RINGS[state] * Math.cos(turn), y: 84 + RINGS[state] * Math.sin(turn) };
  });
}
