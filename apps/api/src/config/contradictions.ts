import type { Config } from "../config.ts";
import { roleOf, urlOf } from "./database-url.ts";
import { isLoopback } from "./loopback.ts";
import { waysGiven } from "./root-key-source.ts";

/** What is wrong with settings taken together. */
export function contradictions(env: Record<string, string | undefined>): string[] {
  const problems: string[] = [];
  const keys = waysGiven(env, "KEYFOLD_ROOT_KEY");
  const seeds = waysGiven(env, "KEYFOLD_HYBRID_SEED");
  const otherSeeds = waysGiven(env, "KEYFOLD_OTHER_HYBRID_SEED");
  for (const [ways, what] of [
    [keys, "the root key"],
    [waysGiven(env, "KEYFOLD_OTHER_ROOT_KEY"), "the other root key"],
    [seeds, "the hybrid seed"],
    [otherSeeds, "the other hybrid seed"],
  ] as const)
    if (ways.length > 1) problems.push(`${ways.join(" and ")} are set together: give ${what} one way only.`);
  if (seeds.length === 0 && otherSeeds.length > 0)
    problems.push(
      `${otherSeeds[0]} is set without a current hybrid seed: give it as KEYFOLD_HYBRID_SEED_FILE, KEYFOLD_HYBRID_SEED_COMMAND or KEYFOLD_HYBRID_SEED.`,
    );
  if (seeds.length === 0 && env.KEYFOLD_ALGORITHM === "hybrid-quantum")
    problems.push(
      "KEYFOLD_ALGORITHM is hybrid-quantum, which takes a hybrid seed: set KEYFOLD_HYBRID_SEED_FILE, KEYFOLD_HYBRID_SEED_COMMAND or KEYFOLD_HYBRID_SEED. Make one with: keyfold keys generate --hybrid",
    );
  if ((env.KEYFOLD_TLS_CERT_FILE === undefined) !== (env.KEYFOLD_TLS_KEY_FILE === undefined))
    problems.push("KEYFOLD_TLS_CERT_FILE and KEYFOLD_TLS_KEY_FILE belong together: set both, or neither.");
  if ((env.KEYFOLD_SMTP_URL === undefined) !== (env.KEYFOLD_MAIL_FROM === undefined))
    problems.push("KEYFOLD_SMTP_URL and KEYFOLD_MAIL_FROM belong together: set both, or neither.");
  const storage = [
    "KEYFOLD_CHECKPOINT_S3_URL",
    "KEYFOLD_CHECKPOINT_S3_KEY_ID",
    "KEYFOLD_CHECKPOINT_S3_SECRET",
  ];
  const missing = storage.filter((name) => env[name] === undefined);
  if (
    missing.length > 0 &&
    (missing.length < storage.length || env.KEYFOLD_CHECKPOINT_S3_REGION !== undefined)
  )
    problems.push(
      `Object storage for checkpoints takes ${storage.join(", ")} together: ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set.`,
    );
  if (env.KEYFOLD_LINKS_URL !== undefined && env.KEYFOLD_LINKS_PORT === undefined)
    problems.push(
      "KEYFOLD_LINKS_URL is set without KEYFOLD_LINKS_PORT: give the port that links are served on.",
    );
  if (env.KEYFOLD_LINKS_PORT !== undefined && env.KEYFOLD_LINKS_PORT === (env.KEYFOLD_PORT ?? "4400"))
    problems.push("KEYFOLD_LINKS_PORT is the panel's port: links are served on one of their own.");
  const [links, own] = [urlOf(env.KEYFOLD_LINKS_URL ?? ""), urlOf(env.KEYFOLD_PUBLIC_URL ?? "")];
  if (links !== null && own !== null && links.origin === own.origin)
    problems.push("KEYFOLD_LINKS_URL is KEYFOLD_PUBLIC_URL: links are served at an origin of their own.");
  const embedded = env.KEYFOLD_EMBEDDED_DATABASE === "1" || env.KEYFOLD_EMBEDDED_DATABASE === "true";
  if (env.DATABASE_URL === undefined) {
    for (const name of ["KEYFOLD_MIGRATION_URL", "KEYFOLD_LISTEN_URL"])
      if (env[name] !== undefined)
        problems.push(`${name} is set without DATABASE_URL, and the embedded database takes none.`);
  } else {
    if (embedded)
      problems.push("KEYFOLD_EMBEDDED_DATABASE and DATABASE_URL are set together: choose one database.");
    if (urlOf(env.DATABASE_URL) !== null && roleOf(env.DATABASE_URL) === null)
      problems.push("DATABASE_URL names no role: put the application's login role before the @.");
  }
  if (env.KEYFOLD_MODE === "production") {
    if (keys.length === 0)
      problems.push(
        "Production makes no root key by itself: set KEYFOLD_ROOT_KEY, KEYFOLD_ROOT_KEY_FILE, KEYFOLD_ROOT_KEY_COMMAND or KEYFOLD_ROOT_KEY_PROVIDER. Make a key with: keyfold keys generate",
      );
    if (env.DATABASE_URL === undefined && !embedded)
      problems.push(
        "Production starts no embedded database unless asked: set DATABASE_URL, or KEYFOLD_EMBEDDED_DATABASE=1.",
      );
  }
  return problems;
}

/** What works, but is likely not what was meant. */
export function doubts(config: Omit<Config, "warnings">): string[] {
  const warnings: string[] = [];
  if (!isLoopback(config.host) && config.tls === null && config.trustedProxies === null)
    warnings.push(
      `KEYFOLD_HOST binds ${config.host} without TLS: tokens and values travel in the clear. Set the TLS files, or put a proxy in front and name it in KEYFOLD_TRUSTED_PROXIES.`,
    );
  return warnings;
}
