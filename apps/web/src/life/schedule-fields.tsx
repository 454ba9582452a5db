import { Checkbox } from "../ui/checkbox.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field, LABEL } from "../ui/field.tsx";
import { l } from "./messages.ts";
import { DAYS, type Day, dayName, type ScheduleDraft } from "./schedule-draft.ts";

const WHENS = ["never", "7", "30", "90", "180", "365", "cron"].map((id) => ({
  id,
  label: l.policy.whens[id]!,
}));
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")].map((id) => ({
  id,
  label: id.replaceAll("_", " "),
}));

interface Props {
  draft: ScheduleDraft;
  onChange: (draft: ScheduleDraft) => void;
}

/** When: every so many days or by cron, and the hours in which a rotation may begin. */
export function ScheduleFields({ draft, onChange }: Props) {
  const set = (more: Partial<ScheduleDraft>) => onChange({ ...draft, ...more });
  const tick = (day: Day) => (ticked: boolean) =>
    set({ days: DAYS.filter((one) => (one === day ? ticked : draft.days.includes(one))) });
  const zones = ZONES.some(({ id }) => id === draft.timeZone)
    ? ZONES
    : [{ id: draft.timeZone, label: draft.timeZone }, ...ZONES];
  return (
    <>
      <Choice label={l.policy.when} options={WHENS} value={draft.when} onChange={(when) => set({ when })} />
      {draft.when === "cron" ? (
        <Field
          label={l.policy.cron}
          hint={l.policy.cronHint}
          mono
          value={draft.cron}
          onChange={(cron) => set({ cron })}
        />
      ) : null}
      {draft.when === "never" ? null : (
        <Checkbox checked={draft.windowed} onChange={(windowed) => set({ windowed })}>
          {l.policy.window}
        </Checkbox>
      )}
      {draft.when !== "never" && draft.windowed ? (
        <div className="space-y-4 rounded-xl border border-line bg-sunken p-4">
          <div className="grid grid-cols-2 gap-3">
            <Field label={l.policy.from} type="time" value={draft.from} onChange={(from) => set({ from })} />
            <Field label={l.policy.to} type="time" value={draft.to} onChange={(to) => set({ to })} />
          </div>
          <fieldset>
            <legend className={LABEL}>{l.policy.days}</legend>
            <div className="flex flex-wrap gap-x-4 gap-y-2">
              {DAYS.map((day) => (
                <Checkbox key={day} checked={draft.days.includes(day)} onChange={tick(day)}>
                  {dayName(day)}
                </Checkbox>
              ))}
            </div>
            <p className="mt-1.5 text-xs text-muted">{l.policy.everyDay}</p>
          </fieldset>
        </div>
      ) : null}
      {draft.when !== "never" && (draft.when === "cron" || draft.windowed) ? (
        <Choice
          label={l.policy.zone}
          options={zones}
          value={draft.timeZone}
          onChange={(timeZone) => set({ timeZone })}
        />
      ) : null}
    </>
  );
}
