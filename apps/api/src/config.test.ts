import { inspect } from "node:util";
import { expect, test } from "vitest";
import { ConfigError, type Environment, parseConfig } from "./config.ts";

const SECRET = "not_a_real_password_0123456789abcdef";

function problemsOf(env: Environment): readonly string[] {
  try {
    parseConfig(env, "/srv");
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("with no settings at all, development serves on the loopback address over its own database", () => {
  expect(parseConfig({}, "/srv")).toEqual({
    mode: "development",
    host: "127.0.0.1",
    port: 4400,
    publicUrl: null,
    links: null,
    trustedProxies: null,
    tls: null,
    dataDir: "/srv/.keyfold",
    database: { kind: "embedded" },
    rootKey: { from: "data-dir" },
    otherRootKey: null,
    alsoRootKeys: null,
    tenantRootKeys: null,
    hybridSeed: null,
    otherHybridSeed: null,
    algorithm: "aes-256-gcm",
    logLevel: "warn",
    bootstrapToken: null,
    recoverTenant: null,
    maxValueBytes: 1_048_576,
    shredWaitDays: 7,
    rootKeyDays: 90,
    allowSoleHsm: true,
    regions: null,
    keyring: { seconds: 300, count: 10_000 },
    jobs: true,
    outboundAllow: [],
    callLimits: {
      ...{ token: null, user: null, tenant: null, ip: null },
      reveals: { token: null, user: null, tenant: null },
    },
    breachedPasswords: null,
    mail: null,
    checkpointFile: null,
    checkpointTarget: null,
    checkpointStorage: null,
    journalFile: null,
    recoveryRecipients: [],
    graceSeconds: 86_400,
    purgeAfterDays: 30,
    rotationTargets: [],
    upstreams: null,
    signOn: null,
    warnings: [],
  });
});

test("a second root key is given in the same ways as the first, and one way only", () => {
  expect(parseConfig({ KEYFOLD_OTHER_ROOT_KEY_FILE: "old-key" }, "/srv").otherRootKey).toEqual({
    from: "file",
    path: "/srv/old-key",
  });
  expect(problemsOf({ KEYFOLD_OTHER_ROOT_KEY: "x", KEYFOLD_OTHER_ROOT_KEY_COMMAND: "y" })).toEqual([
    "KEYFOLD_OTHER_ROOT_KEY and KEYFOLD_OTHER_ROOT_KEY_COMMAND are set together: give the other root key one way only.",
  ]);
});

test("files name additional root keys and those of tenants' own", () => {
  const env = { KEYFOLD_ALSO_ROOT_KEYS: "also.json", KEYFOLD_TENANT_ROOT_KEYS: "/etc/tenants.json" };
  expect(parseConfig(env, "/srv")).toMatchObject({
    alsoRootKeys: "/srv/also.json",
    tenantRootKeys: "/etc/tenants.json",
  });
});

test("a hybrid seed is given in three ways, one at a time, and hybrid-quantum by default takes one", () => {
  const config = parseConfig(
    { KEYFOLD_HYBRID_SEED_FILE: "seed", KEYFOLD_ALGORITHM: "hybrid-quantum" },
    "/srv",
  );
  expect(config).toMatchObject({
    hybridSeed: { from: "file", path: "/srv/seed" },
    otherHybridSeed: null,
    algorithm: "hybrid-quantum",
  });
  expect(parseConfig({}, "/srv")).toMatchObject({ hybridSeed: null, algorithm: "aes-256-gcm" });
  expect(problemsOf({ KEYFOLD_HYBRID_SEED: "x", KEYFOLD_HYBRID_SEED_COMMAND: "y" })).toEqual([
    "KEYFOLD_HYBRID_SEED and KEYFOLD_HYBRID_SEED_COMMAND are set together: give the hybrid seed one way only.",
  ]);
  expect(problemsOf({ KEYFOLD_OTHER_HYBRID_SEED: "x" })).toEqual([
    "KEYFOLD_OTHER_HYBRID_SEED is set without a current hybrid seed: give it as KEYFOLD_HYBRID_SEED_FILE, KEYFOLD_HYBRID_SEED_COMMAND or KEYFOLD_HYBRID_SEED.",
  ]);
  expect(problemsOf({ KEYFOLD_ALGORITHM: "hybrid-quantum" })).toEqual([
    "KEYFOLD_ALGORITHM is hybrid-quantum, which takes a hybrid seed: set KEYFOLD_HYBRID_SEED_FILE, KEYFOLD_HYBRID_SEED_COMMAND or KEYFOLD_HYBRID_SEED. Make one with: keyfold keys generate --hybrid",
  ]);
  expect(problemsOf({ KEYFOLD_ALGORITHM: "rot13" })).toEqual([
    "KEYFOLD_ALGORITHM must be aes-256-gcm or hybrid-quantum.",
  ]);
});

test("a setting that is empty counts as not given", () => {
  expect(parseConfig({ KEYFOLD_PORT: "", DATABASE_URL: "" }, "/srv").port).toBe(4400);
});

test.each([
  [{ KEYFOLD_MODE: "prod" }, "KEYFOLD_MODE must be development or production."],
  [{ KEYFOLD_HOST: "no host" }, "KEYFOLD_HOST must be an address or a host name to bind, such as 127.0.0.1."],
  [
    { KEYFOLD_ROTATION_TARGETS: "10.0.0.0/8, 1.2.3" },
    "KEYFOLD_ROTATION_TARGETS must be a list of host names, addresses or CIDR ranges, separated by commas.",
  ],
  [{ KEYFOLD_PORT: "70000" }, "KEYFOLD_PORT must be a whole number from 1 to 65535."],
  [{ KEYFOLD_PORT: "http" }, "KEYFOLD_PORT must be a whole number from 1 to 65535."],
  [
    { KEYFOLD_PUBLIC_URL: "https://example.com/keyfold" },
    "KEYFOLD_PUBLIC_URL must be an address such as https://keyfold.example.com, without a path.",
  ],
  [
    { KEYFOLD_TRUSTED_PROXIES: "10.0.0.0/8, proxy" },
    "KEYFOLD_TRUSTED_PROXIES must be a list of IP addresses or CIDR ranges, separated by commas.",
  ],
  [
    { KEYFOLD_TLS_CERT_FILE: "cert.pem" },
    "KEYFOLD_TLS_CERT_FILE and KEYFOLD_TLS_KEY_FILE belong together: set both, or neither.",
  ],
  [
    { DATABASE_URL: "mysql://u@h/d" },
    "DATABASE_URL must be a connection string such as postgresql://user:password@host:5432/database.",
  ],
  [
    { DATABASE_URL: "postgresql://host/database" },
    "DATABASE_URL names no role: put the application's login role before the @.",
  ],
  [
    { DATABASE_URL: "postgresql://u@h/d", KEYFOLD_EMBEDDED_DATABASE: "1" },
    "KEYFOLD_EMBEDDED_DATABASE and DATABASE_URL are set together: choose one database.",
  ],
  [{ KEYFOLD_EMBEDDED_DATABASE: "yes" }, "KEYFOLD_EMBEDDED_DATABASE must be 1 or 0."],
  [
    { KEYFOLD_MIGRATION_URL: "postgresql://o@h/d" },
    "KEYFOLD_MIGRATION_URL is set without DATABASE_URL, and the embedded database takes none.",
  ],
  [
    { KEYFOLD_LISTEN_URL: "postgresql://o@h/d" },
    "KEYFOLD_LISTEN_URL is set without DATABASE_URL, and the embedded database takes none.",
  ],
  [
    { KEYFOLD_ROOT_KEY: SECRET, KEYFOLD_ROOT_KEY_FILE: "key" },
    "KEYFOLD_ROOT_KEY and KEYFOLD_ROOT_KEY_FILE are set together: give the root key one way only.",
  ],
  [
    { KEYFOLD_LOG_LEVEL: "loud" },
    "KEYFOLD_LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent.",
  ],
  [
    { KEYFOLD_BOOTSTRAP_TOKEN: "short" },
    "KEYFOLD_BOOTSTRAP_TOKEN must have 32 to 512 printable ASCII characters without spaces. Make one with: openssl rand -hex 32",
  ],
  [
    { KEYFOLD_GRACE_SECONDS: "-1" },
    "KEYFOLD_GRACE_SECONDS must be a whole number of seconds from 0 to 7776000.",
  ],
  [
    { KEYFOLD_PURGE_AFTER_DAYS: "0" },
    "KEYFOLD_PURGE_AFTER_DAYS must be a whole number of days from 1 to 3650.",
  ],
  [
    { KEYFOLD_MAX_VALUE_BYTES: "16777217" },
    "KEYFOLD_MAX_VALUE_BYTES must be a whole number of bytes from 1 to 16777216.",
  ],
  [
    { KEYFOLD_RECOVERY_RECIPIENTS: "age1 ssh-ed25519" },
    "KEYFOLD_RECOVERY_RECIPIENTS must be a list of age recipients (age1…), separated by spaces or commas. Make one with: keyfold keys recovery-identity",
  ],
  [{ KEYFOLD_REGION: "eu" }, "KEYFOLD_REGION and KEYFOLD_REGIONS belong together: set both, or neither."],
  [{ KEYFOLD_REGION: "ap", KEYFOLD_REGIONS: "eu,us" }, "KEYFOLD_REGION must be one of KEYFOLD_REGIONS."],
  [
    { KEYFOLD_REGION: "eu", KEYFOLD_REGIONS: "eu,eu" },
    "KEYFOLD_REGIONS must be 1 to 8 different names such as eu,us, of lower-case letters, digits and hyphens.",
  ],
  [
    { KEYFOLD_REGION: "eu", KEYFOLD_REGIONS: "eu,us", KEYFOLD_REGION_KEYS: "mars=file:/k" },
    "KEYFOLD_REGION_KEYS must be REGION=PROVIDER, one for each other region and separated by semicolons, such as us=aws-kms:ARN.",
  ],
  [
    { KEYFOLD_REGION: "us", KEYFOLD_REGIONS: "eu,us", KEYFOLD_REGION_KEYS: "eu=file:/k" },
    "KEYFOLD_REGION_KEYS is for the first of KEYFOLD_REGIONS, where keys are wrapped for the others.",
  ],
  [
    { KEYFOLD_REGION_KEYS: "us=file:/k" },
    "KEYFOLD_REGION_KEYS is set without KEYFOLD_REGION and KEYFOLD_REGIONS, and does nothing.",
  ],
  [{ KEYFOLD_ROOT_KEY_DAYS: "0" }, "KEYFOLD_ROOT_KEY_DAYS must be a whole number of days from 1 to 3650."],
  [{ KEYFOLD_SHRED_WAIT_DAYS: "91" }, "KEYFOLD_SHRED_WAIT_DAYS must be a whole number of days from 0 to 90."],
])("a wrong setting is named in a sentence: %o", (env, sentence) => {
  expect(problemsOf(env)).toEqual([sentence]);
});

test("all problems are told at once, and none quotes what was set", () => {
  const problems = problemsOf({
    KEYFOLD_MODE: SECRET,
    KEYFOLD_PORT: SECRET,
    KEYFOLD_PUBLIC_URL: `https://user:${SECRET}@example.com`,
    KEYFOLD_TRUSTED_PROXIES: SECRET,
    DATABASE_URL: `mysql://user:${SECRET}@host/database`,
    KEYFOLD_BOOTSTRAP_TOKEN: `kf_${SECRET}`,
    KEYFOLD_LOG_LEVEL: SECRET,
  });
  expect(problems).toHaveLength(7);
  expect(problems.join("\n")).not.toContain(SECRET);
});

test("production makes nothing by itself: it asks for a root key and a database", () => {
  expect(problemsOf({ KEYFOLD_MODE: "production" })).toEqual([
    "Production makes no root key by itself: set KEYFOLD_ROOT_KEY, KEYFOLD_ROOT_KEY_FILE, KEYFOLD_ROOT_KEY_COMMAND or KEYFOLD_ROOT_KEY_PROVIDER. Make a key with: keyfold keys generate",
    "Production starts no embedded database unless asked: set DATABASE_URL, or KEYFOLD_EMBEDDED_DATABASE=1.",
  ]);
  const config = parseConfig(
    { KEYFOLD_MODE: "production", KEYFOLD_EMBEDDED_DATABASE: "1", KEYFOLD_ROOT_KEY_FILE: "key" },
    "/srv",
  );
  expect(config).toMatchObject({
    database: { kind: "embedded" },
    rootKey: { from: "file", path: "/srv/key" },
    logLevel: "info",
  });
});

test("a misspelt setting is a warning that says what was likely meant", () => {
  expect(parseConfig({ KEYFOLD_PROT: "1", KEYFOLD_COFFEE_MACHINE: "1" }, "/srv").warnings).toEqual([
    "KEYFOLD_COFFEE_MACHINE is not a setting of Keyfold, and does nothing.",
    "KEYFOLD_PROT is not a setting of Keyfold, and does nothing. Did you mean KEYFOLD_PORT?",
  ]);
});

test("a server that is open to the network without TLS is warned about, unless a proxy stands in front", () => {
  expect(parseConfig({ KEYFOLD_HOST: "0.0.0.0" }, "/srv").warnings).toHaveLength(1);
  const behind = { KEYFOLD_HOST: "0.0.0.0", KEYFOLD_TRUSTED_PROXIES: "10.0.0.1" };
  expect(parseConfig(behind, "/srv").warnings).toEqual([]);
});

test("what is secret in the settings does not print", () => {
  const config = parseConfig(
    {
      DATABASE_URL: `postgresql://app:${SECRET}@host/database`,
      KEYFOLD_MIGRATION_URL: `postgresql://owner:${SECRET}@host/database`,
      KEYFOLD_ROOT_KEY: SECRET,
      KEYFOLD_BOOTSTRAP_TOKEN: SECRET,
    },
    "/srv",
  );
  expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(SECRET);
  expect(config.database).toMatchObject({ kind: "external", role: "app" });
});

test("object storage for checkpoints takes an address and a key, of which the secret is not printed", () => {
  const url = "https://s3.eu-central-1.amazonaws.com/my-bucket/keyfold";
  const key = { KEYFOLD_CHECKPOINT_S3_KEY_ID: "AKIANOTAREALKEY", KEYFOLD_CHECKPOINT_S3_SECRET: SECRET };
  const config = parseConfig({ KEYFOLD_CHECKPOINT_S3_URL: url, ...key }, "/srv");
  expect(config.checkpointStorage).toMatchObject({ url, region: "us-east-1", keyId: "AKIANOTAREALKEY" });
  expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(SECRET);
  expect(
    problemsOf({ KEYFOLD_CHECKPOINT_S3_REGION: "eu-central-1", KEYFOLD_CHECKPOINT_S3_URL: url }),
  ).toEqual([
    "Object storage for checkpoints takes KEYFOLD_CHECKPOINT_S3_URL, KEYFOLD_CHECKPOINT_S3_KEY_ID, KEYFOLD_CHECKPOINT_S3_SECRET together: KEYFOLD_CHECKPOINT_S3_KEY_ID and KEYFOLD_CHECKPOINT_S3_SECRET are not set.",
  ]);
  expect(problemsOf({ KEYFOLD_CHECKPOINT_S3_REGION: "eu-central-1" })).toHaveLength(1);
  const wrong = {
    KEYFOLD_CHECKPOINT_S3_URL: "https://key:secret@s3.example.com/bucket?x=1",
    KEYFOLD_CHECKPOINT_S3_REGION: "EU",
    KEYFOLD_CHECKPOINT_S3_KEY_ID: "a/b",
    KEYFOLD_CHECKPOINT_S3_SECRET: "two words",
  };
  expect(problemsOf(wrong).map((problem) => problem.split(" ")[0])).toEqual(Object.keys(wrong));
});

test("a mail server and the address that mail comes from belong together, and the password is not printed", () => {
  const server = { KEYFOLD_SMTP_URL: `smtps://keyfold:${SECRET}@mail.example.com` };
  expect(problemsOf(server)).toEqual([
    "KEYFOLD_SMTP_URL and KEYFOLD_MAIL_FROM belong together: set both, or neither.",
  ]);
  expect(
    problemsOf({ KEYFOLD_SMTP_URL: "http://mail.example.com", KEYFOLD_MAIL_FROM: "Keyfold <a@b.example>" }),
  ).toEqual([
    "KEYFOLD_SMTP_URL must be an address such as smtps://user:password@mail.example.com, or smtp:// for STARTTLS.",
    "KEYFOLD_MAIL_FROM must be an e-mail address, which mails come from.",
  ]);
  const config = parseConfig({ ...server, KEYFOLD_MAIL_FROM: "keyfold@example.com" }, "/srv");
  expect(config.mail?.from).toBe("keyfold@example.com");
  expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(SECRET);
});
