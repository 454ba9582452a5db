import type { Connections } from "@keyfold/db";
import type { Envelope, SecretKey } from "@keyfold/envelope";
import type { Rotators } from "@keyfold/rotators";
import type { RefusalLog } from "../audit/refusals.ts";
import type { Signed } from "../checkpoint/make.ts";
import type { ReadTracker } from "../consumer/tracker.ts";
import type { IssuerKeys } from "../federation/issuer-keys.ts";
import type { ReadAppender } from "../hot/read-appender.ts";
import type { ReadCache } from "../hot/read-cache.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import type { Journal } from "../journal/journal.ts";
import type { Signer } from "../key/deployment/signer.ts";
import type { Openers } from "../key/opener/openers.ts";
import type { Algorithm } from "../key/suite/algorithm.ts";
import type { TenantKeys } from "../key/tenant/tenant-keys.ts";
import type { WrapLimits } from "../key/wraps/wrap-budget.ts";
import type { MailTransport } from "../mail/transport.ts";
import type { Breached } from "../person/breached.ts";
import type { Passwords } from "../person/password.ts";
import type { SignOnProvider } from "../person/sign-on/provider.ts";
import type { Regions } from "../region/region.ts";
import type { StreamHub } from "../stream/hub.ts";
import type { TokenUses } from "../token/uses.ts";
import type { Comparisons } from "../upstream/compare-later.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import type { WebhookTransport } from "../webhook/transport.ts";

/** What the domain tells an operator about: never with a value, a token or a key in it. */
export interface DomainLog {
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

export interface Limits {
  /** Most bytes of one value, decoded. 1 MiB by default. */
  maxValueBytes: number;
  /**
   * How long one of many changes of a token waits for its turn, in milliseconds: 5 seconds by default, as long as for a
   * connection.
   */
  turnMs: number;
}

/** How long what has ended stays, where nobody says otherwise; in seconds. */
export interface Life {
  /** How long a superseded version still opens: 24 hours by default, 0 to 90 days. */
  graceSeconds: number;
  /** How long a deleted secret can be restored, before it is purged: 30 days by default. */
  purgeAfterSeconds: number;
}

/** How long what cannot be undone waits first, in seconds. Judged by the database's clock. */
export interface Waits {
  /** From both sides' agreement to the destruction of a tenant's keys. 7 days by default. */
  shredSeconds: number;
  /** From a tenant's deletion to the moment when it may be purged: as long as a deleted secret can be restored. */
  purgeSeconds: number;
}

/** Everything a verb works with; made once, in `server.ts`. */
export interface Services {
  readonly db: Connections;
  /** The deployment's id: part of every AAD and MAC, and the name of its own audit chain. */
  readonly deployment: string;
  readonly mac: RowMac;
  /** Keys the digests of tokens and sessions. */
  readonly tokenKey: SecretKey;
  /** What proves who a person is. */
  readonly people: {
    readonly passwords: Passwords;
    readonly factorKey: SecretKey;
    readonly mailKey: SecretKey;
    /** Whether a new password was leaked; undefined: nobody knows. */
    readonly breached: Breached | undefined;
  };
  /** Who knows tenants' people elsewhere. */
  readonly signOn: readonly SignOnProvider[];
  /** How mail leaves; null: none does. */
  readonly mail: MailTransport | null;
  /** Signs checkpoints and receipts. */
  readonly signer: Signer;
  /** Where revocations and shreds are noted off this machine; null: nowhere. */
  readonly journal: Journal | null;
  /** Authenticates the journal's lines. */
  readonly journalKey: SecretKey;
  /** What this process has signed last. */
  readonly checkpoints: Signed;
  readonly keys: TenantKeys;
  /** The root keys that this process holds. */
  readonly openers: Openers;
  readonly wrapLimits: WrapLimits;
  /** After so many days a root key is due for its rotation. */
  readonly rotationDays: number;
  /** Root keys of tenants' own, by their names in the configuration. */
  readonly own: ReadonlyMap<string, Openers>;
  /** What is used where neither a tenant nor a secret says. */
  readonly algorithm: Algorithm;
  readonly envelope: Envelope;
  /** What makes reads fast: what this process remembers, and the shared commit of their events. */
  readonly hot: { readonly cache: ReadCache | null; readonly appender: ReadAppender };
  /** Notes who reads what; null: nobody does. */
  readonly reads: ReadTracker | null;
  /** Notes when tokens are used; null: nobody does. */
  readonly uses: TokenUses | null;
  /** The public keys of other issuers, whose tokens are exchanged; null: none are. */
  readonly issuers: IssuerKeys | null;
  /** Tells the audit log of refusals. */
  readonly refusals: RefusalLog;
  /** How webhooks leave; null: whoever embeds this gave no way to. */
  readonly webhooks: WebhookTransport | null;
  /** Where the pages of links are served: an origin, with no slash at its end. null: nowhere, and no link is made. */
  readonly linkOrigin: string | null;
  /** Who streams here. */
  readonly streams: StreamHub;
  readonly limits: Limits;
  readonly life: Life;
  readonly waits: Waits;
  /** Which regions there are, and which one this is; null: there is one only. */
  readonly regions: Regions | null;
  /** What makes new values by itself. */
  readonly rotators: Rotators;
  /** Whether an HSM's key may be the only root key. */
  readonly allowSoleHsm: boolean;
  /** Where secrets are that are not here yet; null: nowhere. */
  readonly upstreams: Upstreams | null;
  /** What was read is compared with upstreams here; null: nothing is. */
  readonly comparisons: Comparisons | null;
  readonly log: DomainLog;
  /** The time that events carry. What expires is judged by the database's clock instead. */
  readonly clock: () => Date;
}
