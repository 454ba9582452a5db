import { withDeployment } from "@keyfold/db";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { stillWrapsUnder } from "../../process/live.ts";
import { runTermJob } from "../job/run-term-job.ts";
import { keyJobView, removeOpenerInput } from "../schema.ts";
import { asked } from "../tenant/asked.ts";

/**
 * Takes an opener away that has seen tenant keys: they get new terms without it, every value is sealed anew under them,
 * digests too, and the old terms go. Taking its wraps away alone would leave it what it has already opened. One slice of
 * the job; call again until it is done. `keys.exposed` lists what it could open until then.
 */
export const removeOpener = defineVerb({
  action: "key.remove_opener",
  changes: true,
  summary: "Remove an opener: new terms without it, values re-encrypted, for a while, and say how far it is",
  input: removeOpenerInput,
  output: keyJobView,
  async run(call, { opener, tenant, ...pacing }) {
    const { services } = call;
    const tenantId = tenant === undefined ? null : await tenantOf(call, tenant);
    const making = await asked(() => services.openers.making());
    const own = await Promise.all(
      [...services.own].map(async ([name, openers]) => ({
        name,
        openers,
        ids: await openers.making().catch(() => null),
      })),
    );
    // For one tenant that is the job's own trouble; for all of them the opener is closed at once, and for good.
    const silent = own.find(({ openers, ids }) => ids === null && openers.mayBe(opener));
    if (tenantId === null && silent !== undefined)
      refuse(
        `The tenants' own root key "${silent.name}" cannot be asked now, and may be ${opener}. Try again, or remove it tenant by tenant.`,
      );
    if ([...making, ...own.flatMap(({ ids }) => ids ?? [])].includes(opener))
      refuse(`New keys are wrapped under ${opener} here. Start the server without it, and then remove it.`);
    const [deployments, inTheWay] = await again(() =>
      withDeployment(services.db, async (tx) => [
        await tx.sql.deploymentKeyWrap.findFirst({ where: { opener } }),
        await stillWrapsUnder(tx, opener),
      ]),
    );
    if (inTheWay !== null) refuse(inTheWay);
    if (deployments !== null)
      refuse(
        `${opener} opens the deployment's own keys, too. Rotate to another root key and retire this one; then re-encrypt everything.`,
      );
    return runTermJob(
      call,
      { kind: "remove_opener", opener, tenantId, secretId: null, digests: true },
      pacing,
    );
  },
});

function refuse(sentence: string): never {
  throw new KeyfoldError("illegal_state", { sentence });
}
