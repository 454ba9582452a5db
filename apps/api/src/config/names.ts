/** Every setting there is: what it is named, and nothing else is. */
export const SETTINGS = [
  "KEYFOLD_MODE",
  "KEYFOLD_HOST",
  "KEYFOLD_PORT",
  "KEYFOLD_PUBLIC_URL",
  "KEYFOLD_LINKS_PORT",
  "KEYFOLD_LINKS_URL",
  "KEYFOLD_TRUSTED_PROXIES",
  "KEYFOLD_TLS_CERT_FILE",
  "KEYFOLD_TLS_KEY_FILE",
  "KEYFOLD_DATA_DIR",
  "DATABASE_URL",
  "KEYFOLD_EMBEDDED_DATABASE",
  "KEYFOLD_MIGRATION_URL",
  "KEYFOLD_LISTEN_URL",
  "KEYFOLD_ROOT_KEY",
  "KEYFOLD_ROOT_KEY_FILE",
  "KEYFOLD_ROOT_KEY_COMMAND",
  "KEYFOLD_ROOT_KEY_PROVIDER",
  "KEYFOLD_OTHER_ROOT_KEY",
  "KEYFOLD_OTHER_ROOT_KEY_FILE",
  "KEYFOLD_OTHER_ROOT_KEY_COMMAND",
  "KEYFOLD_OTHER_ROOT_KEY_PROVIDER",
  "KEYFOLD_ALSO_ROOT_KEYS",
  "KEYFOLD_TENANT_ROOT_KEYS",
  "KEYFOLD_HYBRID_SEED",
  "KEYFOLD_HYBRID_SEED_FILE",
  "KEYFOLD_HYBRID_SEED_COMMAND",
  "KEYFOLD_OTHER_HYBRID_SEED",
  "KEYFOLD_OTHER_HYBRID_SEED_FILE",
  "KEYFOLD_OTHER_HYBRID_SEED_COMMAND",
  "KEYFOLD_ALGORITHM",
  "KEYFOLD_LOG_LEVEL",
  "KEYFOLD_BOOTSTRAP_TOKEN",
  "KEYFOLD_RECOVER_TENANT",
  "KEYFOLD_MAX_VALUE_BYTES",
  "KEYFOLD_SHRED_WAIT_DAYS",
  "KEYFOLD_ROOT_KEY_DAYS",
  "KEYFOLD_ALLOW_SOLE_HSM",
  "KEYFOLD_REGION",
  "KEYFOLD_REGIONS",
  "KEYFOLD_REGION_KEYS",
  "KEYFOLD_KEY_CACHE_SECONDS",
  "KEYFOLD_KEY_CACHE_COUNT",
  "KEYFOLD_JOBS",
  "KEYFOLD_OUTBOUND_ALLOW",
  "KEYFOLD_LIMIT_TOKEN",
  "KEYFOLD_LIMIT_USER",
  "KEYFOLD_LIMIT_TENANT",
  "KEYFOLD_LIMIT_IP",
  "KEYFOLD_LIMIT_TOKEN_REVEALS",
  "KEYFOLD_LIMIT_USER_REVEALS",
  "KEYFOLD_LIMIT_TENANT_REVEALS",
  "KEYFOLD_BREACHED_PASSWORDS",
  "KEYFOLD_SMTP_URL",
  "KEYFOLD_MAIL_FROM",
  "KEYFOLD_CHECKPOINT_FILE",
  "KEYFOLD_CHECKPOINT_URL",
  "KEYFOLD_CHECKPOINT_TOKEN",
  "KEYFOLD_CHECKPOINT_S3_URL",
  "KEYFOLD_CHECKPOINT_S3_REGION",
  "KEYFOLD_CHECKPOINT_S3_KEY_ID",
  "KEYFOLD_CHECKPOINT_S3_SECRET",
  "KEYFOLD_JOURNAL_FILE",
  "KEYFOLD_RECOVERY_RECIPIENTS",
  "KEYFOLD_GRACE_SECONDS",
  "KEYFOLD_PURGE_AFTER_DAYS",
  "KEYFOLD_ROTATION_TARGETS",
  "KEYFOLD_UPSTREAMS",
  "KEYFOLD_SIGN_ON",
] as const;

export type SettingName = (typeof SETTINGS)[number];

/** One sentence for each KEYFOLD_… name that is no setting: a typo would otherwise be a setting that does nothing. */
export function unknownSettings(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>(SETTINGS);
  return Object.keys(env)
    .filter((name) => name.startsWith("KEYFOLD_") && !known.has(name) && env[name] !== undefined)
    .sort()
    .map((name) => {
      const near = nearest(name);
      return `${name} is not a setting of Keyfold, and does nothing.${near === null ? "" : ` Did you mean ${near}?`}`;
    });
}

function nearest(name: string): SettingName | null {
  let best: SettingName | null = null;
  let least = 4; // more than three letters off is another word
  for (const candidate of SETTINGS) {
    const away = distance(name, candidate);
    if (away < least) {
      least = away;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance: letters to add, drop or change. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    above = row;
  }
  return above[b.length]!;
}
