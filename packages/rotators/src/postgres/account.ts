import type { SecretValue } from "@keyfold/envelope";
import { z } from "zod";

/** How a connection is protected; PostgreSQL's words. Without one, `verify-full`. */
const sslMode = z.enum(["disable", "require", "verify-full"]);

/** Where and as whom to log in. */
export const accountSchema = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/),
  port: z.int().min(1).max(65_535),
  // A URL's path cannot say a single or a double dot, however it is spelt (WHATWG URL, 4.4).
  database: z
    .string()
    .min(1)
    .max(63)
    .regex(/^(?!\.{1,2}$)/),
  user: z.string().min(1).max(63),
  password: z.string().min(1).max(1024),
  sslmode: sslMode,
});
export type Account = z.output<typeof accountSchema>;

/** How an account is written down as a secret's value. */
export type AccountFormat = "url" | "json";

/**
 * Reads an account from a secret's value: a connection string or a JSON object. Only what is known is taken: a driver's
 * own parser would follow `sslkey=` or `host=` to files of this machine.
 * @returns null where the value is no account
 */
export function readAccount(value: SecretValue): Account | null {
  const text = value.unsafelyText();
  const given = text.trimStart().startsWith("{") ? ofJson(text) : ofUrl(text);
  const parsed = accountSchema.safeParse(given);
  return parsed.success ? parsed.data : null;
}

function ofJson(text: string): unknown {
  try {
    return { port: 5432, sslmode: "verify-full", ...(JSON.parse(text) as object) };
  } catch {
    return null;
  }
}

function ofUrl(text: string): unknown {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") return null;
  if ([...url.searchParams.keys()].some((name) => name !== "sslmode")) return null;
  try {
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? 5432 : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      sslmode: url.searchParams.get("sslmode") ?? "verify-full",
    };
  } catch {
    return null;
  }
}

/** Writes an account down. Every part is spelt so that the usual drivers read back what was meant. */
export function writeAccount(account: Account, format: AccountFormat): string {
  if (format === "json") return JSON.stringify(account);
  const host = account.host.includes(":") ? `[${account.host}]` : account.host;
  const [user, password, database] = [account.user, account.password, account.database].map(
    encodeURIComponent,
  );
  return `postgresql://${user}:${password}@${host}:${account.port}/${database}?sslmode=${account.sslmode}`;
}
