import { ALGORITHMS } from "@keyfold/secrets";
import { z } from "zod";
import { urlOf } from "./database-url.ts";
import { allowList, oneOf, origin, path, postgresUrl, recipientsOf, wholeNumber, yesOrNo } from "./kinds.ts";
import { objectStorageSettings } from "./object-storage.ts";
import { parseProxies } from "./trusted-proxies.ts";

const MIB = 1024 * 1024;
const RECIPIENT = /^age1(pq1)?[02-9ac-hj-np-z]{58,4096}$/;
const perSecond = wholeNumber(1, 1_000_000, " of calls a second").optional();
const valuesPerSecond = wholeNumber(1, 1_000_000, " of values a second").optional();

/** Every setting, by its name in the environment, and what it may hold. What of them go together is in contradictions.ts. */
export const settings = z.object({
  KEYFOLD_MODE: oneOf(["development", "production"]).default("development"),
  KEYFOLD_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, { error: "must be an address or a host name to bind, such as 127.0.0.1." })
    .default("127.0.0.1"),
  KEYFOLD_PORT: wholeNumber(1, 65_535).default(4400),
  KEYFOLD_PUBLIC_URL: origin("https://keyfold.example.com").optional(),
  KEYFOLD_LINKS_PORT: wholeNumber(1, 65_535).optional(),
  KEYFOLD_LINKS_URL: origin("https://links.example.com").optional(),
  KEYFOLD_TRUSTED_PROXIES: z
    .string()
    .refine((list) => parseProxies(list) !== null, {
      error: "must be a list of IP addresses or CIDR ranges, separated by commas.",
    })
    .optional(),
  KEYFOLD_TLS_CERT_FILE: path.optional(),
  KEYFOLD_TLS_KEY_FILE: path.optional(),
  KEYFOLD_DATA_DIR: path.default(".keyfold"),
  DATABASE_URL: postgresUrl.optional(),
  KEYFOLD_EMBEDDED_DATABASE: yesOrNo.optional(),
  KEYFOLD_MIGRATION_URL: postgresUrl.optional(),
  KEYFOLD_LISTEN_URL: postgresUrl.optional(),
  KEYFOLD_ROOT_KEY: z.string().optional(),
  KEYFOLD_ROOT_KEY_FILE: path.optional(),
  KEYFOLD_ROOT_KEY_COMMAND: z.string().optional(),
  KEYFOLD_ROOT_KEY_PROVIDER: z.string().optional(),
  KEYFOLD_ALSO_ROOT_KEYS: path.optional(),
  KEYFOLD_TENANT_ROOT_KEYS: path.optional(),
  KEYFOLD_OTHER_ROOT_KEY: z.string().optional(),
  KEYFOLD_OTHER_ROOT_KEY_FILE: path.optional(),
  KEYFOLD_OTHER_ROOT_KEY_COMMAND: z.string().optional(),
  KEYFOLD_OTHER_ROOT_KEY_PROVIDER: z.string().optional(),
  KEYFOLD_HYBRID_SEED: z.string().optional(),
  KEYFOLD_HYBRID_SEED_FILE: path.optional(),
  KEYFOLD_HYBRID_SEED_COMMAND: z.string().optional(),
  KEYFOLD_OTHER_HYBRID_SEED: z.string().optional(),
  KEYFOLD_OTHER_HYBRID_SEED_FILE: path.optional(),
  KEYFOLD_OTHER_HYBRID_SEED_COMMAND: z.string().optional(),
  KEYFOLD_ALGORITHM: oneOf(ALGORITHMS).default("aes-256-gcm"),
  KEYFOLD_LOG_LEVEL: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).optional(),
  KEYFOLD_BOOTSTRAP_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{32,512}$/, {
      error:
        "must have 32 to 512 printable ASCII characters without spaces. Make one with: openssl rand -hex 32",
    })
    .refine((token) => !token.startsWith("kf_"), {
      error: 'must not start with "kf_": those are the tokens that Keyfold makes itself.',
    })
    .optional(),
  KEYFOLD_RECOVER_TENANT: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be a tenant's slug." })
    .optional(),
  KEYFOLD_MAX_VALUE_BYTES: wholeNumber(1, 16 * MIB, " of bytes").default(MIB),
  KEYFOLD_ALLOW_SOLE_HSM: yesOrNo.optional(),
  KEYFOLD_REGION: z.string().optional(),
  KEYFOLD_REGIONS: z.string().optional(),
  KEYFOLD_REGION_KEYS: z.string().optional(),
  KEYFOLD_SHRED_WAIT_DAYS: wholeNumber(0, 90, " of days").default(7),
  KEYFOLD_ROOT_KEY_DAYS: wholeNumber(1, 3650, " of days").default(90),
  KEYFOLD_KEY_CACHE_SECONDS: wholeNumber(1, 86_400, " of seconds").default(300),
  KEYFOLD_KEY_CACHE_COUNT: wholeNumber(1, 1_000_000, " of keys").default(10_000),
  KEYFOLD_JOBS: oneOf(["on", "off"]).default("on"),
  KEYFOLD_OUTBOUND_ALLOW: allowList(
    "must be a list of host names, addresses or CIDR ranges, separated by commas, each with http:// before it where plain http is allowed.",
  ).optional(),
  KEYFOLD_LIMIT_TOKEN: perSecond,
  KEYFOLD_LIMIT_USER: perSecond,
  KEYFOLD_LIMIT_TENANT: perSecond,
  KEYFOLD_LIMIT_IP: perSecond,
  KEYFOLD_LIMIT_TOKEN_REVEALS: valuesPerSecond,
  KEYFOLD_LIMIT_USER_REVEALS: valuesPerSecond,
  KEYFOLD_LIMIT_TENANT_REVEALS: valuesPerSecond,
  KEYFOLD_BREACHED_PASSWORDS: path.optional(),
  KEYFOLD_SMTP_URL: z
    .string()
    .refine((text) => /^smtps?:$/.test(urlOf(text)?.protocol ?? "") && urlOf(text)?.hostname !== "", {
      error: "must be an address such as smtps://user:password@mail.example.com, or smtp:// for STARTTLS.",
    })
    .optional(),
  KEYFOLD_MAIL_FROM: z
    .string()
    .regex(/^[^\s@<>]+@[^\s@<>]+$/, { error: "must be an e-mail address, which mails come from." })
    .optional(),
  KEYFOLD_CHECKPOINT_FILE: path.optional(),
  KEYFOLD_CHECKPOINT_URL: z
    .string()
    .refine((text) => /^https?:$/.test(urlOf(text)?.protocol ?? ""), {
      error: "must be an address such as https://keeper.example.com/checkpoints.",
    })
    .optional(),
  KEYFOLD_CHECKPOINT_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{1,4096}$/, { error: "must be printable ASCII characters without spaces." })
    .optional(),
  ...objectStorageSettings,
  KEYFOLD_JOURNAL_FILE: path.optional(),
  KEYFOLD_RECOVERY_RECIPIENTS: z
    .string()
    .refine((list) => recipientsOf(list).every((one) => RECIPIENT.test(one)), {
      error:
        "must be a list of age recipients (age1…), separated by spaces or commas. Make one with: keyfold keys recovery-identity",
    })
    .optional(),
  KEYFOLD_GRACE_SECONDS: wholeNumber(0, 7_776_000, " of seconds").default(86_400),
  KEYFOLD_PURGE_AFTER_DAYS: wholeNumber(1, 3650, " of days").default(30),
  KEYFOLD_ROTATION_TARGETS: allowList(
    "must be a list of host names, addresses or CIDR ranges, separated by commas.",
  ).default(""),
  KEYFOLD_UPSTREAMS: path.optional(),
  KEYFOLD_SIGN_ON: path.optional(),
});
