import type { PushedCheckpoint } from "@keyfold/ledger";
import type { z } from "zod";
import type { confirmKeyBackup, noteKeyBackup } from "../backup/key-backup.ts";
import type { noteBackup } from "../backup/note.ts";
import type { NewestCheckpoint } from "../checkpoint/newest.ts";
import type { Exchanged } from "../federation/exchange.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Verb } from "../flow/verb.ts";
import type { RunnableJob } from "../job/runner.ts";
import type { JobRunView } from "../job/runs.ts";
import type { KeyFacts } from "../key/facts.ts";
import type { Links } from "../link/links.ts";
import type { People } from "../person/people.ts";
import type { RestoreReport } from "../restore/finish.ts";
import type { KeyfoldRouter } from "../router/router.ts";
import type { startSession } from "../session/session.ts";
import type { UpstreamFacts } from "../upstream/port.ts";
import type { DispatcherOptions, WebhookDispatcher } from "../webhook/dispatch/dispatcher.ts";

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
   * Runs one verb from what this process remembers, judged like any other read; null where it does not know, or there is
   * anything to refuse: then nothing was done, and `invoke` answers. The answer may be shared: it is not changed.
   * @param input parsed by the verb's schema; it may be frozen, and serve many calls
   * @throws KeyfoldError where the read failed
   */
  invokeWarm<I extends z.ZodType, O extends z.ZodType>(
    verb: Verb<I, O>,
    request: RequestInfo,
    input: z.output<I>,
  ): Promise<z.output<O> | null>;
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
  /** What whoever holds a link does with it: see `link/links.ts`. */
  readonly links: Links;
  /** Told of a call whose caller nobody knows: counted, and told to the deployment's audit log once a minute. */
  noteStranger(ip: string | null): void;
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
  /** Notes that the host begins a backup, before anything of it leaves the database: whom it is sealed to, by fingerprint. */
  noteBackup(begun: Parameters<typeof noteBackup>[1]): Promise<void>;
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
