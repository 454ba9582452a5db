import { createEnvelope } from "@keyfold/envelope";
import { localRotators, rotatorsOf } from "@keyfold/rotators";
import { appendAlone, unlessThere } from "../audit/lost-commit.ts";
import { RefusalLog } from "../audit/refusals.ts";
import { ReadTracker } from "../consumer/tracker.ts";
import { IssuerKeys } from "../federation/issuer-keys.ts";
import { again } from "../flow/again.ts";
import { onPool } from "../flow/query.ts";
import type { DomainLog, Services } from "../flow/services.ts";
import { ReadAppender } from "../hot/read-appender.ts";
import { ReadCache } from "../hot/read-cache.ts";
import { RowMac } from "../integrity/row-mac.ts";
import { Journal, journalKey } from "../journal/journal.ts";
import { type Deployment, openDeployment } from "../key/deployment/deployment.ts";
import { DeploymentError } from "../key/deployment/deployment-error.ts";
import { Signer } from "../key/deployment/signer.ts";
import { Openers } from "../key/opener/openers.ts";
import { ROTATION_DAYS } from "../key/root/rotation-due.ts";
import { TenantKeys } from "../key/tenant/tenant-keys.ts";
import { rootWraps, tenantWraps } from "../key/wraps/reserve-wraps.ts";
import { WRAP_LIMITS } from "../key/wraps/wrap-budget.ts";
import { Passwords } from "../person/password.ts";
import { openRegion } from "../region/open.ts";
import { StreamHub } from "../stream/hub.ts";
import { TokenUses } from "../token/uses.ts";
import { Comparisons } from "../upstream/compare-later.ts";
import { Upstreams } from "../upstream/upstreams.ts";
import type { KeyfoldServerOptions } from "./options.ts";

const silent: DomainLog = { warn() {}, error() {} };
const ONE_MIB = 1024 * 1024;
/** In seconds. */
const DAY = 86_400;

/** The deployment, opened, and all that verbs work with. */
export interface Assembled {
  services: Services;
  deployment: Deployment;
  /** Whether this is where the deployment began: the region that makes the changes. */
  began: boolean;
}

/**
 * Opens (or, where allowed, makes) the deployment, and puts together what serves it.
 * @throws DeploymentError, when the root key or the hybrid seed is not the one that the database needs
 */
export async function assemble(options: KeyfoldServerOptions): Promise<Assembled> {
  const { db, envelope = createEnvelope(), log = silent, clock = () => new Date() } = options;
  const { hybrid, algorithm = "aes-256-gcm" } = options;
  const seeds = hybrid === undefined ? [] : [hybrid.current, ...(hybrid.others ?? [])];
  if (algorithm === "hybrid-quantum" && hybrid === undefined)
    throw new DeploymentError(
      "wrong_hybrid_seed",
      "hybrid-quantum is the default algorithm, but no hybrid seed is given. Make one with: keyfold keys generate --hybrid",
    );
  const { regions = null } = options;
  const began = regions === null || regions.all[0] === regions.here;
  await openRegion(db, regions);
  const wrapLimits = { ...WRAP_LIMITS, ...options.wrapLimits };
  const wraps = tenantWraps(db, wrapLimits);
  const roots = rootWraps(db, wrapLimits);
  const counted = (rootKey: string) => roots.take(rootKey, 1);
  const openers = new Openers(envelope, options.provider, options.others, seeds, options.also, counted);
  const own = new Map(
    Object.entries(options.tenantRootKeys ?? {}).map(
      ([name, { provider, others }]) =>
        [name, new Openers(envelope, provider, others, seeds, [], counted)] as const,
    ),
  );
  const deployment = await openDeployment({
    db,
    openers,
    mayCreate: began && (options.mayCreate ?? false),
    allowSoleHsm: options.allowSoleHsm ?? false,
    restoring: options.restoring ?? false,
    clock,
  });
  const upstreams =
    options.upstreams === undefined || options.upstreams.length === 0
      ? null
      : new Upstreams(options.upstreams, clock);
  const mac = new RowMac(deployment.integrity, deployment.id);
  const services: Services = {
    db,
    deployment: deployment.id,
    mac,
    tokenKey: deployment.token,
    people: {
      passwords: new Passwords(deployment.token.derive("keyfold/password/v1"), options.passwordCost),
      factorKey: deployment.token.derive("keyfold/person-factor/v1"),
      mailKey: deployment.token.derive("keyfold/mail/v1"),
      breached: options.breached,
    },
    signOn: options.signOn ?? [],
    mail: options.mail ?? null,
    signer: new Signer(deployment.signing, deployment.id),
    checkpoints: new Map(),
    journal:
      options.journal === undefined
        ? null
        : new Journal({ integrity: deployment.integrity, sink: options.journal, log, clock }),
    journalKey: journalKey(deployment.integrity),
    keys: new TenantKeys({ db, deployment: deployment.id, mac, openers, own, wraps, ...options.keyring }),
    openers,
    own,
    wrapLimits,
    rotationDays: options.rotationDays ?? ROTATION_DAYS,
    algorithm,
    envelope,
    hot: {
      // Rows that are replicated raise no epoch here: what is remembered would outlive a revocation.
      // A value's key is as long in memory as a tenant's.
      cache:
        options.readCache === false || !began
          ? null
          : new ReadCache({ ttlMs: options.keyring?.ttlMs, ...options.readCache }),
      appender: new ReadAppender(onPool(db), (...batch) => unlessThere(db, ...batch)),
    },
    reads: options.consumers === false ? null : new ReadTracker(db, log, clock, options.consumers),
    uses: options.consumers === false ? null : new TokenUses(db, log, options.consumers),
    refusals: new RefusalLog(
      {
        append: async (chain, event) => void (await again(() => appendAlone(db, chain, [event], {}))),
        deployment: deployment.id,
        clock,
        log,
      },
      options.refusals,
    ),
    issuers: options.issuers === undefined ? null : new IssuerKeys(options.issuers, log, options.issuerClock),
    webhooks: options.webhooks ?? null,
    linkOrigin: options.linkOrigin ?? null,
    streams: new StreamHub(options.streams),
    limits: { maxValueBytes: ONE_MIB, turnMs: 5_000, ...options.limits },
    life: { graceSeconds: DAY, purgeAfterSeconds: 30 * DAY, ...options.life },
    waits: {
      shredSeconds: options.waits?.shredSeconds ?? 7 * DAY,
      purgeSeconds: options.waits?.purgeSeconds ?? options.life?.purgeAfterSeconds ?? 30 * DAY,
    },
    allowSoleHsm: options.allowSoleHsm ?? false,
    regions: regions && {
      here: regions.here,
      all: regions.all,
      keys: Object.entries(regions.rootKeys ?? {}).map(([name, provider]) => {
        const openers = new Openers(
          envelope,
          provider,
          [options.provider, ...(options.others ?? [])],
          seeds,
          [],
          counted,
        );
        const keys = new TenantKeys({
          db,
          deployment: deployment.id,
          mac,
          openers,
          wraps,
          ...options.keyring,
        });
        return { name, openers, keys };
      }),
    },
    rotators: rotatorsOf(options.rotators ?? localRotators),
    upstreams,
    comparisons: upstreams?.comparing === true ? new Comparisons(() => services, clock) : null,
    log,
    clock,
  };
  return { services, deployment, began };
}
