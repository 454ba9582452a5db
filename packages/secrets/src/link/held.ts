import { withDeployment } from "@keyfold/db";
import type { Action } from "../access/actions.ts";
import type { JobActor } from "../access/actor.ts";
import { coversSecret } from "../access/scope.ts";
import { ANONYMOUS } from "../audit/refusals.ts";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call, RequestInfo } from "../flow/call.ts";
import { change, type PrismaUnit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import type { SealedApart } from "../key/sealed-apart.ts";
import { heldNow } from "../member/held.ts";
import { isConfined, refusedBy } from "../policy/judge.ts";
import { tenantChangedHere } from "../region/gate.ts";
import type { SecretRow } from "../secret/rows.ts";
import { tokenActor } from "../token/actor.ts";
import { isSecretOf } from "./secret.ts";
import { type LinkRow, lockLink, stateOf } from "./store.ts";

/** A link as whoever holds it names it. */
export interface Held {
  id: string;
  /** From behind the `#`. */
  secret: string;
}

export const ended = (): KeyfoldError => new KeyfoldError("link_ended");

/** Which tenant a link is of; null: there is none of this id, or a restore came between. */
export async function tenantOfLink({ db }: Services, id: string): Promise<string | null> {
  const [row] = await again(() =>
    withDeployment(db, ({ query }) =>
      query<{ tenant: string | null }>("SELECT control_plane.find_value_link($1::uuid) AS tenant", [id]),
    ),
  );
  return row?.tenant ?? null;
}

/**
 * Works with a link that is open still, locked, in its own name: nobody can become it. Whatever else is the matter with it,
 * it is of no use, in one sentence; that its true secret came once more is told to the tenant's audit log.
 * @throws KeyfoldError `link_ended`, and what the work throws
 */
export async function withLink<T>(
  services: Services,
  request: RequestInfo,
  held: Held,
  action: Action,
  work: Work<T>,
): Promise<T> {
  const tenantId = await tenantOfLink(services, held.id);
  if (tenantId === null) throw ended();
  return withLinkOf(services, tenantId, request, held, action, work);
}

type Work<T> = (unit: PrismaUnit, row: LinkRow, share: SealedApart | null) => Promise<T>;

/** `withLink` where it is known already which tenant it is of. @throws KeyfoldError as `withLink` */
export async function withLinkOf<T>(
  services: Services,
  tenantId: string,
  request: RequestInfo,
  { id, secret }: Held,
  action: Action,
  work: Work<T>,
): Promise<T> {
  tenantChangedHere(services, tenantId);
  const call: Call = { services, actor: asLink(id), action, request };
  let known: LinkRow | null = null;
  try {
    return await change(call, tenantId, async (unit) => {
      known = null;
      const { row, share } = await lockLink(services, unit, tenantId, id);
      if (!isSecretOf(services, row, secret)) throw ended();
      known = row;
      if (stateOf(row, unit.now) !== "open") throw ended();
      return work(unit, row, share);
    });
  } catch (error) {
    const of = known as LinkRow | null;
    const gone = error instanceof KeyfoldError && ["not_found", "link_ended"].includes(error.code);
    if (!gone) throw error;
    if (of !== null)
      await services.refusals.known({
        chain: tenantId,
        tenant: tenantId,
        actor: ANONYMOUS,
        action: "link.refused",
        outcome: "denied",
        code: "link_ended",
        target: { type: "link", id, name: of.label },
        request,
      });
    throw ended();
  }
}

/** In whose name a value is handed in or shown. */
export const asLink = (id: string): JobActor => ({
  type: "job",
  id: `link ${id}`,
  name: "a link",
  via: "job",
  session: null,
  deadline: null,
  actions: [],
});

/** Whether whoever made a link holds still what it takes: where it is about a secret, on that secret. */
export async function makerStands(
  unit: PrismaUnit,
  row: LinkRow,
  actions: readonly Action[],
): Promise<boolean> {
  const grants = await heldNow(unit, row.createdBy);
  const { projectId, environmentId, name } = row;
  return actions.every((action) =>
    grants.some(
      (grant) =>
        grant.actions.includes(action) &&
        (projectId === null ||
          environmentId === null ||
          name === null ||
          coversSecret(grant, { projectId, environmentId, name })),
    ),
  );
}

/**
 * Whether a secret's policy, as it is now, lets whoever made a link do what it does. A factor that they proved when they
 * made it counts still.
 */
export async function policyLets(
  unit: PrismaUnit,
  row: LinkRow,
  action: "secret.set" | "secret.reveal",
  secret: SecretRow,
): Promise<boolean> {
  const { type, id } = row.createdBy as { type: string; id: string };
  if (type === "service_token")
    return refusedBy(await tokenActor(unit, id), action, secret, unit.now) === null;
  const grants = await heldNow(unit, row.createdBy);
  return isConfined(
    grants.filter(({ actions }) => actions.includes(action)),
    secret,
  );
}
