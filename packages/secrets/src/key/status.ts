import { keyBackupStatus } from "../backup/key-backup.ts";
import { onDeployment } from "../flow/deployment-change.ts";
import { defineVerb } from "../flow/verb.ts";
import { liveProcesses } from "../process/live.ts";
import { newestJobs, viewJob } from "./job/job.ts";
import { daysBetween, rotationDue } from "./root/rotation-due.ts";
import { keyStatusInput, keyStatusOutput } from "./schema.ts";
import { asked } from "./tenant/asked.ts";
import { countKeys, countWraps } from "./wraps/counts.ts";

/** Root keys by fingerprint, their ages and how many keys each wraps, when the next rotation is due, and the jobs. */
export const keyStatus = defineVerb({
  action: "key.status",
  changes: false,
  summary: "Root keys, what they wrap, and how far their jobs are",
  input: keyStatusInput,
  output: keyStatusOutput,
  async run(call) {
    const { openers } = call.services;
    const [now, roots] = await Promise.all([asked(() => openers.now()), openers.held()]);
    const held = [...roots, ...openers.hybridsHeld];
    return onDeployment(call, async (unit) => {
      const known = new Map((await unit.sql.rootKey.findMany()).map((row) => [row.id, row]));
      const wraps = await countWraps(unit);
      const { total, lacking } = await countKeys(unit, now);
      const jobs = await newestJobs(unit);
      const backup = await keyBackupStatus(call.services, unit, now.root);
      unit.record({ target: null, details: { count: known.size } });
      const due = await rotationDue(unit, call.services, {
        id: now.root,
        createdAt: known.get(now.root)?.createdAt ?? null,
      });
      const tenantsDue = await unit.query<{ tenant: string }>(
        "SELECT control_plane.tenant_keys_due($1::bigint, 100) AS tenant",
        [call.services.wrapLimits.rotateAt],
      );
      const ids = [...new Set([now.root, ...known.keys(), ...wraps.keys(), ...held])];
      const verified = jobs.find(
        ({ kind, opener, state }) => kind === "verify" && opener === now.root && state === "done",
      );
      return {
        current: now.root,
        hybrid: now.hybrid,
        rootKeys: ids.map((id) => {
          const row = known.get(id);
          return {
            id,
            provider: row?.provider ?? wraps.get(id)?.provider ?? id.split(":")[0]!,
            keyVersion: row?.keyVersion ?? null,
            createdAt: row?.createdAt.toISOString() ?? null,
            ageDays: row === undefined ? null : daysBetween(row.createdAt, unit.now),
            retiredAt: row?.retiredAt?.toISOString() ?? null,
            wraps: wraps.get(id)?.wraps ?? 0,
            current: id === now.root || id === now.hybrid,
            held: held.includes(id),
          };
        }),
        keys: total,
        lacking,
        rotation: {
          dueAt: due.at.toISOString(),
          overdue: due.overdue,
          wraps: due.wraps,
          tenantsDue: tenantsDue.map(({ tenant }) => tenant),
        },
        verifiedAt: verified?.finishedAt?.toISOString() ?? null,
        processes: await liveProcesses(unit),
        backup: backup && { ...backup, madeAt: backup.madeAt.toISOString() },
        jobs: jobs.map((job) => viewJob(job)),
      };
    });
  },
});
