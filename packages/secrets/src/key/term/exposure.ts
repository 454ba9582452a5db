import { withDeployment } from "@keyfold/db";
import { splitHybridOpener } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { Job } from "../job/job.ts";
import type { StoredTenantKey } from "../tenant/rows.ts";

/*
 * What an opener could open is told when it is removed, and only then: it is noted on each version as the removal seals it
 * anew. So nothing else may take versions, or the last key that is wrapped under it, out of its reach.
 */

/**
 * A tenant that an opener is being removed from is the removal's; other jobs go on with the others, and come back.
 * @throws KeyfoldError `illegal_state`
 */
export async function leaveToRemoval({ db }: Services, job: Job, tenantId: string): Promise<void> {
  if (job.kind === "remove_opener") return;
  const [removal] = await again(() =>
    withDeployment(db, (tx) =>
      tx.query<{ opener: string }>(
        `SELECT j.opener FROM control_plane.key_jobs j
          WHERE j.kind = 'remove_opener' AND j.finished_at IS NULL AND (j.tenant_id IS NULL OR j.tenant_id = $1::uuid)
            AND control_plane.opens_with($1::uuid, j.opener) LIMIT 1`,
        [tenantId],
      ),
    ),
  );
  if (removal !== undefined)
    refuse(`The removal of ${removal.opener} from this tenant is under way. Finish that one first.`);
}

/**
 * The digest key is the last one of a tenant's that keeps an additional opener, since a mere rotation leaves it: a new term of
 * it is not made without one. Root keys of the deployment come and go by rotation and retirement.
 * @throws KeyfoldError `illegal_state`
 */
export async function refuseLoss(
  services: Services,
  tenantId: string,
  { rootKey, wraps }: StoredTenantKey,
): Promise<void> {
  const openers = rootKey === null ? services.openers : services.own.get(rootKey);
  const held = (await openers?.held()) ?? [];
  const others = wraps
    .map(({ opener }) => splitHybridOpener(opener)?.root ?? opener)
    .filter((root) => !held.includes(root));
  if (others.length === 0) return;
  const [lost] = await again(() =>
    withDeployment(services.db, (tx) =>
      tx.query<{ opener: string }>(
        `SELECT opener FROM unnest($1::text[]) AS opener
          WHERE NOT EXISTS (SELECT FROM control_plane.root_keys r WHERE r.id = opener) LIMIT 1`,
        [others],
      ),
    ),
  );
  if (lost !== undefined)
    refuse(
      `This tenant's keys are wrapped under ${lost.opener} too, which this server was not given. Remove it first: keyfold keys remove-opener ${lost.opener} ${tenantId}`,
    );
}

function refuse(sentence: string): never {
  throw new KeyfoldError("illegal_state", { sentence, cause: new Error(sentence) });
}
