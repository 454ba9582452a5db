import { useIdentity } from "../data/identity.ts";
import type { Place } from "../data/places.ts";
import { m } from "../messages.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import type { Approval } from "./approvals-page.tsx";
import { ap } from "./messages.ts";

const TONES: Record<Approval["state"], Tone> = {
  requested: "warn",
  approved: "good",
  refused: "danger",
  expired: "plain",
};

interface Props {
  approval: Approval;
  places: readonly Place[];
  mayDecide: boolean;
  onDecide: (approve: boolean) => void;
}

/** What was asked for, by whom and why, and what became of it. */
export function ApprovalRow({ approval, places, mayDecide, onDecide }: Props) {
  const { kind, name, reason, requestedBy, requestedAt, state, decidedBy, decidedAt, expiresAt } = approval;
  const own = useIdentity().id === requestedBy.id;
  const place = placeOf(approval, places);
  const asker = requestedBy.name ?? m.unknown;
  const what = `${ap.kinds[kind]} ${name ?? place}`;
  return (
    <li className="flex flex-wrap items-start gap-x-6 gap-y-3 px-4 py-4">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Badge tone={kind === "break_glass" ? "danger" : "plain"}>{ap.kinds[kind]}</Badge>
          {name === null ? (
            <span className="font-medium">{ap.wholePlace}</span>
          ) : (
            <code className="font-medium break-all">{name}</code>
          )}
          <span className="text-sm text-muted">{place}</span>
        </p>
        <p className="mt-1.5 break-words">{reason}</p>
        <p className="mt-1 text-sm text-muted">
          {kind === "break_glass" ? ap.broke(asker) : ap.askedBy(asker)} <Moment at={requestedAt} />
          {state === "requested" || state === "approved" ? (
            <>
              , {state === "requested" ? ap.waitsUntil : ap.goodUntil} <Moment at={expiresAt} />
            </>
          ) : null}
        </p>
        {decidedBy !== null && decidedAt !== null && kind !== "break_glass" ? (
          <p className="text-sm text-muted">
            {ap.decided[state === "refused" ? "refused" : "approved"](decidedBy.name ?? m.unknown)}{" "}
            <Moment at={decidedAt} />
            {approval.decisionReason === null ? null : (
              <span className="text-ink">: {approval.decisionReason}</span>
            )}
          </p>
        ) : null}
      </div>
      {state === "requested" && mayDecide && !own ? (
        <div className="flex gap-2">
          <Button aria-label={ap.refuseFor(what)} onPress={() => onDecide(false)}>
            {ap.refuse}
          </Button>
          <Button look="primary" aria-label={ap.approveFor(what)} onPress={() => onDecide(true)}>
            {ap.approve}
          </Button>
        </div>
      ) : (
        <div className="text-right">
          <Badge tone={TONES[state]}>{ap.states[state]}</Badge>
          {state === "requested" && own ? <p className="mt-1.5 text-sm text-muted">{ap.own}</p> : null}
        </div>
      )}
    </li>
  );
}

function placeOf({ projectId, environmentId }: Approval, places: readonly Place[]): string {
  const project = places.find(({ id }) => id === projectId);
  const environment = project?.environments.find(({ id }) => id === environmentId);
  return environment === undefined ? ap.unknownPlace : `${project?.name} / ${environment.name}`;
}
