import type { Connections } from "@keyfold/db";
import { createEnvelope, type Envelope, type RootKeyProvider, type XWingPrivateKey } from "@keyfold/envelope";
import type { PushedCheckpoint } from "@keyfold/ledger";
import { localRotators, type Rotator, rotatorsOf } from "@keyfold/rotators";
import type { z } from "zod";
import { confirmKeyBackup, noteKeyBackup } from "./backup/key-backup.ts";
import { makeCheckpoint } from "./checkpoint/make.ts";
import { type NewestCheckpoint, newestCheckpoint } from "./checkpoint/newest.ts";
import { ReadTracker, type TrackerOptions } from "./consumer/tracker.ts";
import { describeCause } from "./error.ts";
import { type Exchanged, exchangeToken } from "./federation/exchange.ts";
import { type IssuerFetch, IssuerKeys } from "./federation/issuer-keys.ts";
import type { RequestInfo } from "./flow/call.ts";
import { onPool } from "./flow/query.ts";
import type { DomainLog, Life, Limits, Services, Waits } from "./flow/services.ts";
import { invoke, type Verb } from "./flow/verb.ts";
import { createOperatorToken, hasOperatorToken, recoverTenant } from "./host/host.ts";
import { insideOf } from "./host/inside.ts";
import { ReadAppender } from "./hot/read-appender.ts";
import { ReadCache, type ReadCacheOptions } from "./hot/read-cache.ts";
import { RowMac } from "./integrity/row-mac.ts";
import type { Job } from "./job/define.ts";
import { jobs } from "./job/jobs.ts";
import { type RunnableJob, runnableJobs } from "./job/runner.ts";
import { type JobRunView, listJobRuns } from "./job/runs.ts";
import { Journal, type JournalSink, journalKey } from "./journal/journal.ts";
import { openDeployment } from "./key/deployment/deployment.ts";
import { DeploymentError } from "./key/deployment/deployment-error.ts";
import { Signer } from "./key/deployment/signer.ts";
import { type KeyFacts, keyFacts } from "./key/facts.ts";
import { Openers } from "./key/opener/openers.ts";
import type { Algorithm } from "./key/suite/algorithm.ts";
import { forgetTenant } from "./key/tenant/forget.ts";
import { TenantKeys } from "./key/tenant/tenant-keys.ts";
import { warnOfKeys } from "./key/warnings.ts";
import { rootWraps, tenantWraps } from "./key/wraps/reserve-wraps.ts";
import { WRAP_LIMITS, type WrapLimits } from "./key/wraps/wrap-budget.ts";
import { Passwords } from "./person/password.ts";
import { type People, peopleOf } from "./person/people.ts";
import { type ProcessFacts, startReporting } from "./process/report.ts";
import { openRegion } from "./region/open.ts";
import { finishRestore, type RestoreReport } from "./restore/finish.ts";
import { createRouter, type KeyfoldRouter } from "./router/router.ts";
import { endSession, startSession } from "./session/session.ts";
import { type HubOptions, StreamHub } from "./stream/hub.ts";
import { TokenUses } from "./token/uses.ts";
import { Comparisons } from "./upstream/compare-later.ts";
import type { Upstream, UpstreamFacts } from "./upstream/port.ts";
import { Upstreams } from "./upstream/upstreams.ts";
import { type DispatcherOptions, WebhookDispatcher } from "./webhook/dispatch/dispatcher.ts";
import type { WebhookTransport } from "./webhook/transport.ts";

export interface KeyfoldServerOptions {
  db: Connections;
  /** Holds the root key. */
  provider: RootKeyProvider;
  /** Hold other root keys, to open with and never to wrap under: the one that is being retired, or the one that comes next. */
  others?: readonly RootKeyProvider[];
  /** Whether an HSM's key, which nobody can copy, may be the only root key. False by default. */
  allowSoleHsm?: boolean;
  /**
   * From hybrid seeds: what new hybrid wraps are made to, and others, to open with. Needed where something is hybrid.
   * Not kept under the root key, and not in the database.
   */
  hybrid?: { current: XWingPrivateKey; others?: readonly XWingPrivateKey[] };
  /** What the keys over values are wrapped by where neither a tenant nor a secret says; `aes-256-gcm` by default. */
  algorithm?: Algorithm;
  /** Where revocations and shreds are noted off this machine, for a restore: whole lines, durable when it answers. */
  journal?: JournalSink;
  /** For the restore itself: a database whose restore is not finished is opened, and `finishRestore` ends it. */
  restoring?: boolean;
  /** Root keys that tenants' new keys are wrapped under besides, such as a recovery key whose opening half is elsewhere. */
  also?: readonly RootKeyProvider[];
  /** Root keys of tenants' own, by name: such a tenant's keys open with its own root key and no other. */
  tenantRootKeys?: Readonly<
    Record<string, { provider: RootKeyProvider; others?: readonly RootKeyProvider[] }>
  >;
  /** How often one key may wrap. */
  wrapLimits?: Partial<WrapLimits>;
  /** Whether an empty database may become a deployment now; else a start on one is refused. False by default. */
  mayCreate?: boolean;
  envelope?: Envelope;
  /** How webhooks leave. Without it there are none, and making an endpoint is refused. */
  webhooks?: WebhookTransport;
  /** What Argon2id costs for a new password: KiB and passes. 19 456 and 2 by default; less is for tests only. */
  passwordCost?: { memory: number; passes: number };
  /** How other issuers' public keys are fetched. Without it no rule is made, and no token exchanged. */
  issuers?: IssuerFetch;
  /** Milliseconds that only grow: how old fetched keys are. */
  issuerClock?: () => number;
  streams?: HubOptions;
  limits?: Partial<Limits>;
  life?: Partial<Life>;
  /** How long what cannot be undone waits first. */
  waits?: Partial<Waits>;
  /** Which regions there are, and which one this process serves; null: there is one only. */
  regions?: RegionOptions | null;
  /** What makes new values by itself; the built-in ones that have no target when left out. */
  rotators?: readonly Rotator[];
  /**
   * Where secrets are that are not here yet, such as an older secrets manager that a product moves from: the first that serves
   * a place is asked for names that never were here.
   */
  upstreams?: readonly Upstream[];
  log?: DomainLog;
  clock?: () => Date;
  /** How this process is listed among those that run, with the root keys that it holds; false: not at all. */
  process?: false | ProcessFacts;
  /** The background jobs; all of the domain's by default. */
  jobs?: readonly Job[];
  /** How who reads what, and when tokens are used, is noted and written, every 5 seconds by default; false: not at all. */
  consumers?: false | TrackerOptions;
  /** What reads remember: sealed bytes and who tokens are, five minutes and 64 MiB by default; false: nothing. */
  readCache?: false | ReadCacheOptions;
  /** How unwrapped tenant keys are kept: five minutes and 10 000 by default. */
  keyring?: { ttlMs?: number; max?: number; clock?: () => number };
}

export interface RegionOptions {
  /** The region that this process serves. */
  here: string;
  /** Every region there is, where the deployment began first; 8 at most. */
  all: readonly string[];
  /** Where the deployment began: the other regions' root keys, by name. Wrapped under, and never needed to start. */
  rootKeys?: Readonly<Record<string, RootKeyProvider>>;
}

export interface KeyfoldServer {
  readonly router: KeyfoldRouter;
  readonly deployment: { id: string; created: boolean };
  /** Runs one verb for one request: what REST and jobs do. */
  invoke<I extends z.ZodType, O extends z.ZodType>(
    verb: Verb<I, O>,
    request: RequestInfo,
    input: unknown,
  ): Promise<z.output<O>>;
  /**
   * Takes a message of the channel `keyfold_epoch`: a hint that a tenant changed, which spares a read an attempt in vain,
   * or that its keys were destroyed, whereupon what is unwrapped of them here is forgotten. Reads are right without it.
   */
  hint(message: string): void;
  /** Begins to send webhooks, until it is stopped; any number of processes may. null: there is no way to send any. */
  dispatchWebhooks(options?: DispatcherOptions): WebhookDispatcher | null;
  /**
   * The deployment's own background jobs, for the host's scheduler: each wants to run every so many seconds, in one
   * process at a time. Somebody must run them; `jobRuns` says whether somebody does.
   */
  readonly jobs: readonly RunnableJob[];
  /** How many keys each root key wraps, and when the current one is due: for a host's metrics. */
  keyFacts(): Promise<KeyFacts>;
  /** What became of reads that went to upstreams, and of comparisons with them, in this process: for a host's metrics. */
  upstreamFacts(): UpstreamFacts[];
  /** When each job ran last, in whatever process. */
  jobRuns(): Promise<JobRunView[]>;
  /** Ends its timers, and takes this process off the list of those that run. What it was given, such as the database, stays open. */
  close(): Promise<void>;
  /**
   * Writes what is still noted in memory only (who read what). For the end of a process, before the database is closed.
   * @throws KeyfoldError
   */
  flush(): Promise<void>;
  /** Who signs in, and how: see `person/people.ts`. */
  readonly people: People;
  /**
   * Exchanges a workload's token of another issuer for a service token of minutes: `tenant`, `subjectToken` and `rule`.
   * @throws KeyfoldError `unauthenticated`, `bad_input`
   */
  exchangeToken(request: RequestInfo, input: unknown): Promise<Exchanged>;
  startSession(request: RequestInfo): ReturnType<typeof startSession>;
  endSession(request: RequestInfo): Promise<void>;
  /**
   * Makes an operator's token: for the host itself, which holds the root key; no procedure leads here.
   * @param token this very string, of 32 to 512 characters; a fresh token when left out
   */
  createOperatorToken(name: string, token?: string): Promise<string>;
  /** Whether an operator's token was ever made: a first start that was cut short made none. */
  hasOperatorToken(): Promise<boolean>;
  /**
   * Makes a token that may do everything in a tenant which has lost its last one. For the host itself, too.
   * @throws KeyfoldError `not_found`
   */
  recoverTenant(slug: string): Promise<string>;
  /**
   * Notes a key bundle that the host has made: root key ids and their kinds, and SHA-256 (hex) of each recipient's code by
   * the recipient's fingerprint. It counts once every code was given back.
   */
  noteKeyBackup(made: Parameters<typeof noteKeyBackup>[1]): Promise<void>;
  /**
   * Takes a recipient's code back, by its SHA-256 (hex), for the newest bundle.
   * @throws KeyfoldError `not_found` where it is no code of it
   */
  confirmKeyBackup(digest: string): ReturnType<typeof confirmKeyBackup>;
  /**
   * Ends a restore whose rows are in place, after which servers start. May be cut short and called again.
   * @param from.pushed the newest checkpoint that was pushed off the machine: what the backup lacks is counted by it
   * @param from.journal the journal's text: what was refused since the backup is refused again
   * @throws KeyfoldError `illegal_state` where nothing is being restored; `integrity_failed` for a journal with gaps
   */
  finishRestore(from: { pushed: PushedCheckpoint | null; journal: string | null }): Promise<RestoreReport>;
  /**
   * Signs how far every audit chain is: to be called every minute, by as many processes as there are.
   * @returns whether there was anything new to sign
   * @throws KeyfoldError `integrity_failed` where a chain is not what the last checkpoint says
   */
  makeCheckpoint(): Promise<boolean>;
  /** The newest checkpoint, to be pushed off the machine; null before the first one. */
  newestCheckpoint(): Promise<NewestCheckpoint | null>;
  /** The public key of checkpoints and receipts, as name+id+key. */
  readonly publicKey: string;
}

const silent: DomainLog = { warn() {}, error() {} };
const ONE_MIB = 1024 * 1024;
/** In seconds. */
const SWEEP_MS = 60_000;
const DAY = 86_400;
const WARN_MS = DAY * 1000;

/**
 * Opens (or, where allowed, makes) the deployment and builds everything that serves it. Reads no environment and opens
 * no connection of its own.
 * @throws DeploymentError, when the root key or the hybrid seed is not the one that the database needs
 */
export async function createKeyfoldServer(options: KeyfoldServerOptions): Promise<KeyfoldServer> {
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
    },
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
    algorithm,
    envelope,
    hot: {
      // Rows that are replicated raise no epoch here: what is remembered would outlive a revocation.
      cache: options.readCache === false || !began ? null : new ReadCache(options.readCache),
      appender: new ReadAppender(onPool(db)),
    },
    reads: options.consumers === false ? null : new ReadTracker(db, log, clock, options.consumers),
    uses: options.consumers === false ? null : new TokenUses(db, log, options.consumers),
    issuers: options.issuers === undefined ? null : new IssuerKeys(options.issuers, log, options.issuerClock),
    webhooks: options.webhooks ?? null,
    streams: new StreamHub(options.streams),
    limits: { maxValueBytes: options.limits?.maxValueBytes ?? ONE_MIB },
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
  const table = (options.jobs ?? jobs).filter((job) => began || job.everyRegion);
  if (!deployment.created) await warnOfKeys(services);
  const reporter = options.process === false ? null : await startReporting(services, options.process ?? {});
  // What is too old leaves memory also where nobody asks for it again.
  const sweep = () => {
    services.keys.sweep();
    services.hot.cache?.sweep();
  };
  const warn = () =>
    void warnOfKeys(services).catch((error: unknown) =>
      log.warn({ cause: describeCause(error) }, "the root keys could not be looked at"),
    );
  const timers = [setInterval(sweep, SWEEP_MS), setInterval(warn, WARN_MS)];
  for (const timer of timers) timer.unref();
  const dispatchers = new Set<WebhookDispatcher>();
  const server: KeyfoldServer = {
    router: createRouter(services),
    deployment: { id: deployment.id, created: deployment.created },
    invoke: (verb, request, input) => invoke(services, verb, request, input),
    hint(message) {
      for (const dispatcher of dispatchers) dispatcher.wake();
      const [, tenant, what] = /^([0-9a-f-]{36}) (\d{1,18}|gone)$/.exec(message) ?? [];
      if (tenant === undefined || what === undefined) return;
      services.streams.wake(tenant);
      if (what === "gone") forgetTenant(services, tenant);
      else services.hot.cache?.noteEpoch(tenant, BigInt(what));
    },
    dispatchWebhooks(given) {
      if (services.webhooks === null) return null;
      const dispatcher = new WebhookDispatcher(services, services.webhooks, given);
      dispatchers.add(dispatcher);
      dispatcher.onStopped = () => dispatchers.delete(dispatcher);
      dispatcher.start();
      return dispatcher;
    },
    jobs: runnableJobs(services, table),
    jobRuns: () => listJobRuns(services, table),
    keyFacts: () => keyFacts(services),
    async close() {
      services.streams.close();
      for (const timer of timers) clearInterval(timer);
      services.reads?.stop();
      services.comparisons?.stop();
      services.uses?.stop();
      await reporter?.stop();
    },
    upstreamFacts: () => services.upstreams?.facts() ?? [],
    async flush() {
      await services.comparisons?.settled();
      await services.reads?.flush();
      await services.uses?.flush();
    },
    people: peopleOf(services),
    exchangeToken: (request, input) => exchangeToken(services, request, input),
    startSession: (request) => startSession(services, request),
    endSession: (request) => endSession(services, request),
    createOperatorToken: (name, token) => createOperatorToken(services, name, token),
    hasOperatorToken: () => hasOperatorToken(services),
    recoverTenant: (slug) => recoverTenant(services, slug),
    noteKeyBackup: (made) => noteKeyBackup(services, made),
    confirmKeyBackup: (digest) => confirmKeyBackup(services, digest),
    finishRestore: (from) => finishRestore(services, from),
    makeCheckpoint: () => makeCheckpoint(services),
    newestCheckpoint: () => newestCheckpoint(services),
    publicKey: services.signer.publicKey,
  };
  insideOf.set(server, services);
  return server;
}
