import type { BlockList } from "node:net";
import { isAbsolute, resolve } from "node:path";
import type { AllowRule } from "@keyfold/outbound";
import type { Algorithm } from "@keyfold/secrets";
import { contradictions, doubts } from "./config/contradictions.ts";
import { roleOf, urlOf } from "./config/database-url.ts";
import { allowOf, recipientsOf } from "./config/kinds.ts";
import { unknownSettings } from "./config/names.ts";
import { type ObjectStorage, objectStorageOf } from "./config/object-storage.ts";
import { type RegionSettings, regionSettings } from "./config/regions.ts";
import {
  type GivenRootKey,
  type RootKeySource,
  rootKeySource,
  type SeedSource,
  seedSource,
} from "./config/root-key-source.ts";
import { Sensitive } from "./config/sensitive.ts";
import { settings } from "./config/settings.ts";
import { parseProxies } from "./config/trusted-proxies.ts";
import type { CallLimitOptions } from "./http/limits/call-limits.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that cannot be used; each problem is a sentence that names its setting and never quotes what it held. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

export type DatabaseSource =
  | { kind: "embedded" }
  | {
      kind: "external";
      /** The application role's. */
      url: Sensitive;
      /** The application role's name: what migrations grant to. */
      role: string;
      /** The owner's; null: migrations are only checked. */
      migrationUrl: Sensitive | null;
      /** Direct, where a pooler stands between. */
      listenUrl: Sensitive | null;
    };

export interface Config {
  mode: "development" | "production";
  /** The address to bind. */
  host: string;
  port: number;
  /** Where people and browsers reach it, when that is not here. */
  publicUrl: URL | null;
  /** Where the pages of links are served, on a port of their own, and where browsers reach it; null: nowhere. */
  links: { port: number; publicUrl: URL | null } | null;
  /** Whose forwarded headers are believed; null: nobody's. */
  trustedProxies: BlockList | null;
  tls: { certFile: string; keyFile: string } | null;
  dataDir: string;
  database: DatabaseSource;
  rootKey: RootKeySource;
  /** A second root key, to open with and never to wrap under: while the root key is being changed. */
  otherRootKey: GivenRootKey | null;
  /** A file that lists root keys which tenants' new keys are wrapped under besides. */
  alsoRootKeys: string | null;
  /** A file that names root keys of tenants' own. */
  tenantRootKeys: string | null;
  /** What hybrid wraps take besides the root key. */
  hybridSeed: SeedSource | null;
  /** A second one, to open with only: while the seed is being changed. */
  otherHybridSeed: SeedSource | null;
  /** What the keys over values are wrapped by where neither a tenant nor a secret says. */
  algorithm: Algorithm;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /** On a first start this very string is the operator's token. */
  bootstrapToken: Sensitive | null;
  /** A tenant that has lost its last token, by slug: this start makes it one. */
  recoverTenant: string | null;
  /** Most bytes of one value, decoded. */
  maxValueBytes: number;
  /** Days that a tenant's shredding waits after both sides agreed. */
  shredWaitDays: number;
  /** Days that a root key serves before it is due for its rotation. */
  rootKeyDays: number;
  /** Whether an HSM's key may be the only root key. */
  allowSoleHsm: boolean;
  /** Which regions there are; null: one only. */
  regions: RegionSettings | null;
  /** How long unwrapped tenant keys are kept in memory, in seconds, and how many at most. */
  keyring: { seconds: number; count: number };
  /** Whether this process runs background jobs; somebody must. */
  jobs: boolean;
  /** Where webhooks may go besides https to the public internet. */
  outboundAllow: readonly AllowRule[];
  /** A file of leaked passwords' hashes that no new password may be on; null: none. */
  breachedPasswords: string | null;
  /** Which server sends mail, with its password, and which address it comes from; null: no mail is sent. */
  mail: { server: Sensitive; from: string } | null;
  /** Where signed checkpoints of the audit log are pushed to; null: nowhere. */
  checkpointFile: string | null;
  /** Where they are posted to besides, and the bearer token for it. */
  checkpointTarget: { url: string; token: Sensitive | null } | null;
  /** Object storage that keeps them; null: none does. */
  checkpointStorage: ObjectStorage | null;
  /** Where revocations and shreds are noted, for a restore; null: nowhere. */
  journalFile: string | null;
  /** Who may open backups: age recipients. */
  recoveryRecipients: readonly string[];
  /** How long a superseded version still opens, where nobody says otherwise. */
  graceSeconds: number;
  /** How long a deleted secret can be restored. */
  purgeAfterDays: number;
  /** Where rotators may connect to, besides the public internet. */
  rotationTargets: readonly AllowRule[];
  /** A file that names upstreams, where secrets are that are not here yet; null: there are none. */
  upstreams: string | null;
  /** A file that names who knows tenants' people elsewhere; null: nobody does. */
  signOn: string | null;
  /** How many calls a second are taken of whom. */
  callLimits: CallLimitOptions;
  /** Sentences about what works but is likely not meant. */
  warnings: readonly string[];
}

/**
 * Reads the settings from an environment; an empty one is an absent one.
 * @param cwd what relative paths are relative to
 * @throws ConfigError with every problem at once
 */
export function parseConfig(environment: Environment, cwd: string): Config {
  const env = Object.fromEntries(Object.entries(environment).filter(([, text]) => text !== ""));
  const parsed = settings.safeParse(env);
  const wrong = new Set<string>();
  const problems: string[] = [];
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (!wrong.has(name)) problems.push(`${name} ${issue.message}`);
    wrong.add(name);
  }
  problems.push(...contradictions(env), ...regionSettings(env).problems);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const given = parsed.data;
  const here = (file: string): string => (isAbsolute(file) ? file : resolve(cwd, file));
  const fileOf = (file: string | undefined): string | null => (file === undefined ? null : here(file));
  const config: Omit<Config, "warnings"> = {
    mode: given.KEYFOLD_MODE,
    host: given.KEYFOLD_HOST,
    port: given.KEYFOLD_PORT,
    publicUrl: urlOf(given.KEYFOLD_PUBLIC_URL ?? ""),
    links:
      given.KEYFOLD_LINKS_PORT === undefined
        ? null
        : {
            port: given.KEYFOLD_LINKS_PORT,
            publicUrl: urlOf(given.KEYFOLD_LINKS_URL ?? ""),
          },
    trustedProxies:
      given.KEYFOLD_TRUSTED_PROXIES === undefined ? null : parseProxies(given.KEYFOLD_TRUSTED_PROXIES),
    tls:
      given.KEYFOLD_TLS_CERT_FILE !== undefined && given.KEYFOLD_TLS_KEY_FILE !== undefined
        ? { certFile: here(given.KEYFOLD_TLS_CERT_FILE), keyFile: here(given.KEYFOLD_TLS_KEY_FILE) }
        : null,
    dataDir: here(given.KEYFOLD_DATA_DIR),
    database:
      given.DATABASE_URL === undefined
        ? { kind: "embedded" }
        : {
            kind: "external",
            url: new Sensitive(given.DATABASE_URL),
            role: roleOf(given.DATABASE_URL)!,
            migrationUrl: sensitive(given.KEYFOLD_MIGRATION_URL),
            listenUrl: sensitive(given.KEYFOLD_LISTEN_URL),
          },
    rootKey: rootKeySource(env, "KEYFOLD_ROOT_KEY", here) ?? { from: "data-dir" },
    otherRootKey: rootKeySource(env, "KEYFOLD_OTHER_ROOT_KEY", here),
    alsoRootKeys: fileOf(given.KEYFOLD_ALSO_ROOT_KEYS),
    tenantRootKeys: fileOf(given.KEYFOLD_TENANT_ROOT_KEYS),
    hybridSeed: seedSource(env, "KEYFOLD_HYBRID_SEED", here),
    otherHybridSeed: seedSource(env, "KEYFOLD_OTHER_HYBRID_SEED", here),
    algorithm: given.KEYFOLD_ALGORITHM,
    // A person at a terminal reads sentences; requests are logged where machines collect them.
    logLevel: given.KEYFOLD_LOG_LEVEL ?? (given.KEYFOLD_MODE === "production" ? "info" : "warn"),
    bootstrapToken: sensitive(given.KEYFOLD_BOOTSTRAP_TOKEN),
    recoverTenant: given.KEYFOLD_RECOVER_TENANT ?? null,
    maxValueBytes: given.KEYFOLD_MAX_VALUE_BYTES,
    shredWaitDays: given.KEYFOLD_SHRED_WAIT_DAYS,
    rootKeyDays: given.KEYFOLD_ROOT_KEY_DAYS,
    allowSoleHsm: given.KEYFOLD_ALLOW_SOLE_HSM ?? given.KEYFOLD_MODE === "development",
    regions: regionSettings(env).regions,
    keyring: { seconds: given.KEYFOLD_KEY_CACHE_SECONDS, count: given.KEYFOLD_KEY_CACHE_COUNT },
    jobs: given.KEYFOLD_JOBS === "on",
    outboundAllow: allowOf(given.KEYFOLD_OUTBOUND_ALLOW ?? "") ?? [],
    callLimits: {
      token: given.KEYFOLD_LIMIT_TOKEN ?? null,
      user: given.KEYFOLD_LIMIT_USER ?? null,
      tenant: given.KEYFOLD_LIMIT_TENANT ?? null,
      ip: given.KEYFOLD_LIMIT_IP ?? null,
      reveals: {
        token: given.KEYFOLD_LIMIT_TOKEN_REVEALS ?? null,
        user: given.KEYFOLD_LIMIT_USER_REVEALS ?? null,
        tenant: given.KEYFOLD_LIMIT_TENANT_REVEALS ?? null,
      },
    },
    breachedPasswords: fileOf(given.KEYFOLD_BREACHED_PASSWORDS),
    mail:
      given.KEYFOLD_SMTP_URL === undefined || given.KEYFOLD_MAIL_FROM === undefined
        ? null
        : { server: new Sensitive(given.KEYFOLD_SMTP_URL), from: given.KEYFOLD_MAIL_FROM },
    checkpointFile: fileOf(given.KEYFOLD_CHECKPOINT_FILE),
    checkpointTarget:
      given.KEYFOLD_CHECKPOINT_URL === undefined
        ? null
        : { url: given.KEYFOLD_CHECKPOINT_URL, token: sensitive(given.KEYFOLD_CHECKPOINT_TOKEN) },
    checkpointStorage: objectStorageOf(given),
    journalFile: fileOf(given.KEYFOLD_JOURNAL_FILE),
    recoveryRecipients: recipientsOf(given.KEYFOLD_RECOVERY_RECIPIENTS ?? ""),
    graceSeconds: given.KEYFOLD_GRACE_SECONDS,
    purgeAfterDays: given.KEYFOLD_PURGE_AFTER_DAYS,
    rotationTargets: allowOf(given.KEYFOLD_ROTATION_TARGETS) ?? [],
    upstreams: fileOf(given.KEYFOLD_UPSTREAMS),
    signOn: fileOf(given.KEYFOLD_SIGN_ON),
  };
  return { ...config, warnings: [...unknownSettings(env), ...doubts(config)] };
}

const sensitive = (text: string | undefined): Sensitive | null =>
  text === undefined ? null : new Sensitive(text);
