import type { Connections } from "@keyfold/db";
import type { Envelope, RootKeyProvider, XWingPrivateKey } from "@keyfold/envelope";
import type { Rotator } from "@keyfold/rotators";
import type { RefusalOptions } from "../audit/refusals.ts";
import type { IssuerFetch } from "../federation/issuer-keys.ts";
import type { NotedOptions } from "../flow/noted.ts";
import type { DomainLog, Life, Limits, Waits } from "../flow/services.ts";
import type { ReadCacheOptions } from "../hot/read-cache.ts";
import type { Job } from "../job/define.ts";
import type { JournalSink } from "../journal/journal.ts";
import type { Algorithm } from "../key/suite/algorithm.ts";
import type { WrapLimits } from "../key/wraps/wrap-budget.ts";
import type { MailTransport } from "../mail/transport.ts";
import type { Breached } from "../person/breached.ts";
import type { SignOnProvider } from "../person/sign-on/provider.ts";
import type { ProcessFacts } from "../process/report.ts";
import type { HubOptions } from "../stream/hub.ts";
import type { Upstream } from "../upstream/port.ts";
import type { WebhookTransport } from "../webhook/transport.ts";

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
  /** After so many days a root key is due for its rotation; 90 by default. */
  rotationDays?: number;
  /** How often one key may wrap. */
  wrapLimits?: Partial<WrapLimits>;
  /** Whether an empty database may become a deployment now; else a start on one is refused. False by default. */
  mayCreate?: boolean;
  envelope?: Envelope;
  /** How webhooks leave. Without it there are none, and making an endpoint is refused. */
  webhooks?: WebhookTransport;
  /** How mail leaves: invitations, and links for new passwords. Without it there is none, and links are handed over by hand. */
  mail?: MailTransport;
  /**
   * Where the pages of links are served, by which values are handed in and shared: an origin that serves nothing else.
   * Without it no link is made.
   */
  linkOrigin?: string;
  /** Whether a new password was leaked; see `breachedIn`. Without it, only what is guessed at once is refused. */
  breached?: Breached;
  /** What Argon2id costs for a new password: KiB and passes. 19 456 and 2 by default; less is for tests only. */
  passwordCost?: { memory: number; passes: number };
  /** Who knows tenants' people elsewhere, by OpenID Connect. Without any, nobody signs in elsewhere. */
  signOn?: readonly SignOnProvider[];
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
  consumers?: false | NotedOptions;
  /** How refusals are counted and written, every 10 seconds by default. */
  refusals?: RefusalOptions;
  /** What reads remember: sealed bytes and who tokens are, as long as keys are kept and 64 MiB by default; false: nothing. */
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
