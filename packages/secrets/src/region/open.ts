import { randomUUID } from "node:crypto";
import { type Connections, withDeployment } from "@keyfold/db";
import { DeploymentError } from "../key/deployment/deployment-error.ts";
import { MAX_REGIONS, type Regions } from "./region.ts";

const refuse = (sentence: string): DeploymentError => new DeploymentError("wrong_region", sentence);

/**
 * Holds the setting against the database, which knows which region it is once it was told. Before anything else of the
 * deployment is looked at: what a wrong region wrote would stand in the wrong chains.
 * @throws DeploymentError `wrong_region`
 */
export async function openRegion(
  db: Connections,
  regions: Pick<Regions, "here" | "all"> | null,
): Promise<void> {
  if (regions !== null && regions.all.length > MAX_REGIONS)
    throw refuse(`A deployment has at most ${MAX_REGIONS} regions (KEYFOLD_REGIONS).`);
  await withDeployment(db, async ({ sql, query, now }) => {
    const known = await sql.region.findFirst();
    if (known !== null) {
      if (regions === null)
        throw refuse(`This database is the region ${known.name}. Set KEYFOLD_REGION and KEYFOLD_REGIONS.`);
      if (known.name !== regions.here)
        throw refuse(`This database is the region ${known.name}, and not ${regions.here} (KEYFOLD_REGION).`);
      if (known.first !== (regions.all[0] === regions.here))
        throw refuse(
          "The deployment began in another region than the first of KEYFOLD_REGIONS. Put the list back in its order; new regions go to its end.",
        );
      return;
    }
    const deployment = await sql.deployment.findFirst();
    const [chain] =
      deployment === null
        ? []
        : await query<{ epoch: bigint | string }>("SELECT control_plane.epoch_of($1::uuid) AS epoch", [
            deployment.id,
          ]);
    const began = chain !== undefined && BigInt(chain.epoch) > 0n;
    const copied = deployment !== null && !began && (await sql.operatorToken.findFirst()) !== null;
    if (regions === null) {
      if (copied)
        throw refuse(
          "This database was replicated from another region. Set KEYFOLD_REGION and KEYFOLD_REGIONS to say which one this is.",
        );
      return;
    }
    const first = regions.all[0] === regions.here;
    if (first && copied)
      throw refuse(
        `This database was replicated from another region, so it is not ${regions.here}, where the deployment began.`,
      );
    if (!first && began)
      throw refuse(
        `The deployment began in this database, so it is the region ${regions.all[0]}, the first of KEYFOLD_REGIONS, and not ${regions.here}.`,
      );
    if (!first && !copied)
      throw refuse(
        `Nothing was replicated to this database yet. Subscribe it to what the region ${regions.all[0]} publishes, wait for the first copy, and start again.`,
      );
    await sql.region.create({ data: { name: regions.here, first, createdAt: now } });
    // A log of its own for the checkpoints of its own chains.
    if (!first) await sql.checkpointLog.create({ data: { number: 1, id: randomUUID(), startedAt: now } });
  });
}
