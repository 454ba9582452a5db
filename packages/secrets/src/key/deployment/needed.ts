import { type Connections, withDeployment } from "@keyfold/db";

/**
 * The root keys of which one opens this database's deployment, by id; null where it holds none yet. For a start that has no
 * root key at all, to say which one it lacks.
 */
export function neededRootKeys(db: Connections): Promise<string[] | null> {
  return withDeployment(db, async ({ sql }) => {
    if ((await sql.deployment.findFirst()) === null) return null;
    const wraps = await sql.deploymentKeyWrap.findMany({
      where: { purpose: "integrity" },
      orderBy: { opener: "asc" },
    });
    return wraps.map(({ opener }) => opener);
  });
}

/** The hybrid seeds without which some tenant's key does not open, by id. */
export function neededHybridSeeds(db: Connections): Promise<string[]> {
  return withDeployment(db, async ({ query }) => {
    const seeds = await query<{ seed: string }>(
      "SELECT seed FROM control_plane.hybrid_seeds_missing('{}') ORDER BY seed",
      [],
    );
    return seeds.map(({ seed }) => seed);
  });
}
