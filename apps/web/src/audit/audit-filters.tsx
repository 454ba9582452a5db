import { Choice } from "../ui/choice.tsx";
import { Chip } from "./chip.tsx";
import { ALL, type Filters, fromOf, type Since } from "./filters.ts";
import { au } from "./messages.ts";

const ACTIONS = [
  { id: ALL, label: au.allActions },
  ...Object.entries(au.nouns).map(([id, label]) => ({ id, label })),
];
const OUTCOMES = [
  { id: ALL, label: au.allOutcomes },
  ...Object.entries(au.outcomes).map(([id, label]) => ({ id, label })),
];
const SINCES = (Object.keys(au.sinces) as Since[]).map((id) => ({ id, label: au.sinces[id] }));

/** Which events are shown: by what was done, how it ended, when, by whom and about what. */
export function AuditFilters({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (filters: Filters) => void;
}) {
  const { actor, target } = filters;
  return (
    <div className="mb-4 grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
      <div className="sm:w-44">
        <Choice
          compact
          label={au.what}
          options={ACTIONS}
          value={filters.action}
          onChange={(action) => onChange({ ...filters, action })}
        />
      </div>
      <div className="sm:w-44">
        <Choice
          compact
          label={au.outcome}
          options={OUTCOMES}
          value={filters.outcome}
          onChange={(outcome) => onChange({ ...filters, outcome })}
        />
      </div>
      <div className="sm:w-40">
        <Choice
          compact
          label={au.since}
          options={SINCES}
          value={filters.since}
          onChange={(since) => onChange({ ...filters, since, from: fromOf(since, Date.now()) })}
        />
      </div>
      {actor === null ? null : (
        <Chip
          words={au.byOne(actor.name)}
          label={au.clear(au.byOne(actor.name))}
          onRemove={() => onChange({ ...filters, actor: null })}
        />
      )}
      {target === null ? null : (
        <Chip
          words={au.aboutOne(target.name)}
          label={au.clear(au.aboutOne(target.name))}
          onRemove={() => onChange({ ...filters, target: null })}
        />
      )}
    </div>
  );
}
