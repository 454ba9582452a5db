import { confirmKeyBackup, noteKeyBackup } from "./backup/key-backup.ts";
import { noteBackup } from "./backup/note.ts";
import { makeCheckpoint } from "./checkpoint/make.ts";
import { newestCheckpoint } from "./checkpoint/newest.ts";
import { describeCause } from "./error.ts";
import { exchangeToken } from "./federation/exchange.ts";
import { invoke, invokeWarm } from "./flow/verb.ts";
import { createOperatorToken, hasOperatorToken, recoverTenant } from "./host/host.ts";
import { insideOf } from "./host/inside.ts";
import { hostToldIfRefused } from "./host/tell.ts";
import { jobs } from "./job/jobs.ts";
import { runnableJobs } from "./job/runner.ts";
import { listJobRuns } from "./job/runs.ts";
import { keyFacts } from "./key/facts.ts";
import { forgetTenant } from "./key/tenant/forget.ts";
import { warnOfKeys } from "./key/warnings.ts";
import { linksOf } from "./link/links.ts";
import { peopleOf } from "./person/people.ts";
import { startReporting } from "./process/report.ts";
import { finishRestore } from "./restore/finish.ts";
import { createRouter } from "./router/router.ts";
import { assemble } from "./server/assemble.ts";
import type { KeyfoldServerOptions } from "./server/options.ts";
import type { KeyfoldServer } from "./server/running.ts";
import { endSession, startSession } from "./session/session.ts";
import { WebhookDispatcher } from "./webhook/dispatch/dispatcher.ts";

export type { KeyfoldServerOptions, RegionOptions } from "./server/options.ts";
export type { KeyfoldServer } from "./server/running.ts";

const SWEEP_MS = 60_000;
const WARN_MS = 86_400_000;

/**
 * Opens (or, where allowed, makes) the deployment and builds everything that serves it. Reads no environment and opens
 * no connection of its own.
 * @throws DeploymentError, when the root key or the hybrid seed is not the one that the database needs
 */
export async function createKeyfoldServer(options: KeyfoldServerOptions): Promise<KeyfoldServer> {
  const { services, deployment, began } = await assemble(options);
  const { log } = services;
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
    invokeWarm: (verb, request, input) => invokeWarm(services, verb, request, input),
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
      services.refusals.stop();
      await reporter?.stop();
    },
    upstreamFacts: () => services.upstreams?.facts() ?? [],
    async flush() {
      await services.refusals.flush();
      await services.comparisons?.settled();
      await services.reads?.flush();
      await services.uses?.flush();
    },
    people: peopleOf(services),
    links: linksOf(services),
    noteStranger: (ip) => services.refusals.stranger(ip),
    exchangeToken: (request, input) => exchangeToken(services, request, input),
    startSession: (request) => startSession(services, request),
    endSession: (request) => endSession(services, request),
    createOperatorToken: (name, token) => createOperatorToken(services, name, token),
    hasOperatorToken: () => hasOperatorToken(services),
    recoverTenant: (slug) =>
      hostToldIfRefused(services, "token.recovered", () => recoverTenant(services, slug)),
    noteBackup: (begun) => noteBackup(services, begun),
    noteKeyBackup: (made) => noteKeyBackup(services, made),
    confirmKeyBackup: (digest) =>
      hostToldIfRefused(services, "key.backup_confirmed", () => confirmKeyBackup(services, digest)),
    finishRestore: (from) => finishRestore(services, from),
    makeCheckpoint: () => makeCheckpoint(services),
    newestCheckpoint: () => newestCheckpoint(services),
    publicKey: services.signer.publicKey,
  };
  insideOf.set(server, services);
  return server;
}
