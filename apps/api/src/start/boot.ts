import { constants, readFileSync } from "node:fs";
import { access } from "node:fs/promises";
import { migrationsDir } from "@keyfold/db/migrate";
import { createEnvelope } from "@keyfold/envelope";
import { decodeNoteKey } from "@keyfold/ledger";
import { createOutbound } from "@keyfold/outbound";
import { breachedIn, createKeyfoldServer, type KeyfoldServerOptions, neededRootKeys } from "@keyfold/secrets";
import { createApp } from "../app.ts";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config.ts";
import { httpIssuerFetch } from "../federation/issuer-fetch.ts";
import { createReadinessCheck } from "../health.ts";
import { GuessLimit } from "../http/limits/guess-limit.ts";
import { postgresGuesses } from "../http/limits/shared-guesses.ts";
import { startScheduler } from "../jobs/scheduler.ts";
import { watchJobs } from "../jobs/watch.ts";
import { createLinksApp } from "../links/app.ts";
import type { Logger } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { watchKeys } from "../observe/watch-keys.ts";
import { openAppendOnlyFile } from "../push/append-only-file.ts";
import { type CheckpointSink, pushCheckpoints } from "../push/checkpoints.ts";
import { countedSink } from "../push/counted-sink.ts";
import { httpsTarget } from "../push/https-target.ts";
import { signOnFrom } from "../sign-on/from-file.ts";
import { upstreamsFrom } from "../upstreams/from-file.ts";
import { httpTransport } from "../webhooks/transport.ts";
import { openDatabase } from "./database.ts";
import { makeFirstRun } from "./first-run.ts";
import { giveBack } from "./give-back.ts";
import { addressOf, greeting, linksAt } from "./greeting.ts";
import { takeHints } from "./hints.ts";
import { listen } from "./listen.ts";
import { alsoRootKeys, tenantRootKeys } from "./openers-file.ts";
import { recoverTenant } from "./recover.ts";
import { regionsOf } from "./regions.ts";
import { dataDirProvider, providerOf, rootKeyPath, seedOf } from "./root-key.ts";
import { rotatorsFor } from "./rotators.ts";
import { StartError } from "./start-error.ts";
import { sayingWhere, sayingWhich } from "./where-keys-are.ts";

const PACKAGE = new URL("../../package.json", import.meta.url);
const release = (): string => (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string }).version;

export interface BootOptions {
  config: Config;
  log: Logger;
  /** The panel's built files. */
  panelDir: string;
  /** Prints to the person at the terminal. */
  print(text: string): void;
}

export interface Running {
  address: string;
  port: number;
  /** Resolves when the embedded database has ended by itself: then nothing can be served. */
  lost: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Wires everything together and serves: database, root key, deployment, first run, app, socket. What was started is
 * stopped again where a later step fails.
 * @throws errors that `sentenceOf` has a sentence for
 */
export async function boot({ config, log, panelDir, print }: BootOptions): Promise<Running> {
  // What the settings name is tried first: a weak key must stop the start before anything was touched.
  const { hybridSeed } = config;
  const seed =
    hybridSeed === null ? null : await sayingWhich(config, "HYBRID_SEED", () => seedOf(hybridSeed));
  const otherSeeds = config.otherHybridSeed === null ? [] : [await seedOf(config.otherHybridSeed)];
  const metrics = createMetrics();
  const { rootKey } = config;
  const given =
    rootKey.from === "data-dir"
      ? null
      : await sayingWhich(config, "ROOT_KEY", () => providerOf(rootKey, metrics.keyService));
  const others =
    config.otherRootKey === null ? [] : [await providerOf(config.otherRootKey, metrics.keyService)];
  const also = await alsoRootKeys(config.alsoRootKeys, metrics.keyService);
  const own = await tenantRootKeys(config.tenantRootKeys, metrics.keyService);
  const upstreams = await upstreamsFrom(config.upstreams);
  const signOn = await signOnFrom(config.signOn);
  if (config.breachedPasswords !== null)
    await access(config.breachedPasswords, constants.R_OK).catch(() => {
      throw new StartError(
        `KEYFOLD_BREACHED_PASSWORDS names ${config.breachedPasswords}, which cannot be read.`,
      );
    });
  const database = await openDatabase({
    config,
    say: (sentence) => print(`${sentence}\n`),
    onIdleError: () =>
      log.warn({ code: "database_unavailable" }, "an idle connection to the database was lost"),
  });
  const { db } = database;
  // All at once: what still serves and what still works both end what they are at. The database goes last.
  const ended: (() => void | Promise<void>)[] = [];
  let written: (() => Promise<void>) | null = null;
  const stop = async () => {
    await Promise.all(ended.map((end) => end()));
    // Nothing is served any more: what was noted in memory is written. Without a database it is lost, and the log says so.
    await written?.().catch(() => {});
    await database.stop();
  };
  try {
    const { provider, made } =
      given === null
        ? await dataDirProvider(config.dataDir, () => neededRootKeys(db))
        : { provider: given, made: false };
    if (made)
      print(`Made a root key at ${rootKeyPath(config.dataDir)}. Without it nothing opens: keep a copy.\n`);
    metrics.watchPool(db.pool);
    const outbound = createOutbound({ allow: config.outboundAllow });
    const journal = config.journalFile === null ? null : await openAppendOnlyFile(config.journalFile);
    if (journal !== null) ended.push(() => journal.close());
    // What only some installs configure is loaded in these: it would cost all others its memory.
    const mail =
      config.mail === null
        ? {}
        : {
            mail: (await import("../mail/transport.ts")).smtpTransport(
              config.mail,
              addressOf(config, config.port),
            ),
          };
    const options: KeyfoldServerOptions = {
      db,
      provider,
      others,
      also,
      tenantRootKeys: own,
      ...(seed === null ? {} : { hybrid: { current: seed, others: otherSeeds } }),
      algorithm: config.algorithm,
      // Production begins only where somebody says who its operator is.
      mayCreate: config.mode === "development" || config.bootstrapToken !== null,
      envelope: createEnvelope({ observe: metrics.envelope }),
      webhooks: httpTransport(outbound),
      ...(config.breachedPasswords === null ? {} : { breached: breachedIn(config.breachedPasswords) }),
      ...(config.links === null ? {} : { linkOrigin: linksAt(config, config.links).origin }),
      ...mail,
      issuers: httpIssuerFetch(outbound),
      limits: { maxValueBytes: config.maxValueBytes },
      life: { graceSeconds: config.graceSeconds, purgeAfterSeconds: config.purgeAfterDays * 86_400 },
      keyring: { ttlMs: config.keyring.seconds * 1000, max: config.keyring.count },
      ...(journal === null ? {} : { journal: countedSink(journal, metrics) }),
      process: { version: release(), runsJobs: config.jobs },
      allowSoleHsm: config.allowSoleHsm,
      regions: await regionsOf(config.regions),
      rotationDays: config.rootKeyDays,
      waits: { shredSeconds: config.shredWaitDays * 86_400 },
      rotators: rotatorsFor(config, (allow) => {
        const sends = createOutbound({ allow });
        ended.push(() => sends.close());
        return sends;
      }),
      upstreams,
      signOn,
      log: {
        warn: (facts, message) => log.warn(facts, message),
        error: (facts, message) => log.error(facts, message),
      },
    };
    const keyfold = await sayingWhere(config, () => createKeyfoldServer(options));
    ended.push(() => keyfold.close());
    metrics.watchUpstreams(() => keyfold.upstreamFacts());
    written = keyfold.flush;
    const hints = takeHints({ url: database.listenUrl, keyfold, log, metrics });
    ended.push(() => hints.stop());
    const firstRun = await makeFirstRun(config, keyfold);
    const recovered =
      config.recoverTenant === null ? null : await recoverTenant(config.recoverTenant, keyfold);
    const checkHost = config.mode === "development" && isLoopback(config.host);
    const app = createApp({
      keyfold,
      log,
      metrics,
      readiness: createReadinessCheck({ pool: db.pool, provider, migrationsDir }),
      panelDir,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      checkHost,
      maxValueBytes: config.maxValueBytes,
      limits: config.callLimits,
      guesses: new GuessLimit({ shared: postgresGuesses(db) }),
    });
    const pushTo = (file: CheckpointSink, close: () => Promise<void>) => {
      const pushing = pushCheckpoints({ keyfold, file, log, metrics });
      ended.push(() => pushing.stop().finally(close));
    };
    if (config.checkpointTarget !== null) {
      const { url, token } = config.checkpointTarget;
      // Of its own: the last checkpoint goes out while everything else ends.
      const sends = createOutbound({ allow: config.outboundAllow });
      pushTo(httpsTarget(sends, url, token), () => sends.close());
    }
    if (config.checkpointStorage !== null) {
      const sends = createOutbound({ allow: config.outboundAllow });
      const key = decodeNoteKey(keyfold.publicKey);
      // Loaded where it is configured only.
      const { s3Target } = await import("../push/s3-target.ts");
      pushTo(s3Target(sends, config.checkpointStorage, key), () => sends.close());
    }
    if (config.checkpointFile !== null) {
      const file = await openAppendOnlyFile(config.checkpointFile);
      pushTo(file, () => file.close());
    }
    giveBack();
    const listening = await listen(app, config);
    ended.push(() => listening.close());
    if (config.links !== null) {
      const { host, tls, trustedProxies, maxValueBytes, callLimits: limits } = config;
      const origin = linksAt(config, config.links);
      const links = createLinksApp({
        ...{ keyfold, log, metrics, panelDir, origin, trustedProxies, maxValueBytes, limits },
        checkHost,
      });
      const linksListening = await listen(links, { host, port: config.links.port, tls });
      ended.push(() => linksListening.close());
    }
    const watches = [watchJobs({ keyfold, log, metrics }), watchKeys({ keyfold, log, metrics })];
    ended.push(...watches.map((watch) => () => watch.stop()));
    if (config.jobs) {
      const scheduler = await startScheduler({ url: database.listenUrl, keyfold, log });
      ended.push(() => scheduler.stop());
      const dispatcher = keyfold.dispatchWebhooks();
      ended.push(() => dispatcher?.stop().finally(() => outbound.close()));
    } else log.warn({}, "this process runs no background jobs and sends no webhooks: another one must");
    const address = addressOf(config, listening.port);
    print(greeting(address, firstRun));
    await firstRun?.done();
    if (recovered !== null) print(recovered);
    return {
      address,
      port: listening.port,
      lost: database.lost,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
