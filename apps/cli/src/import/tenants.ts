import { readFile } from "node:fs/promises";
import { isKeyfoldError, type Keyfold } from "@keyfold/client";
import { append } from "../files.ts";
import { calling, clientOf } from "../place/client.ts";
import type { Place } from "../place/place.ts";
import { CommandError, EXIT } from "../terminal.ts";

/** Hundreds of values in a call, on a server that others keep busy: what is slow is waited for, and asked for again. */
const PATIENCE = { timeoutMs: 120_000, retries: 8 };

/**
 * Clients for the tenants that are imported into: with a token of theirs from `--tokens`, with the given token where it
 * is theirs, or, where an operator imports, with the first token of a tenant that is made for it. Such tokens are written
 * into a file at once: nobody could make them again.
 */
export async function clientsOf(
  place: Place,
  options: { tokens?: string; newTokens?: string },
): Promise<{
  client(tenant: string): Promise<Keyfold>;
  /** The given token's own tenant; null: it is an operator's. */
  own: string | null;
}> {
  const tokens = options.tokens === undefined ? {} : await tokensIn(options.tokens);
  const made = options.newTokens === undefined ? {} : await tokensIn(options.newTokens, true);
  const own = clientOf(place, PATIENCE);
  const me = await calling(place, () => own.trpc.identity.get.query());
  const client = async (tenant: string): Promise<Keyfold> => {
    const token = tokens[tenant] ?? made[tenant];
    if (token !== undefined) return clientOf({ url: place.url, token }, PATIENCE);
    if (me.tenant !== null) {
      if (me.tenant.slug === tenant || me.tenant.id === tenant) return own;
      throw new CommandError(
        EXIT.usage,
        `This token is of the tenant ${me.tenant.slug}, and a secret goes to ${tenant}. Name the tenant with --tenant, map it, or give its token with --tokens.`,
      );
    }
    if (options.newTokens === undefined)
      throw new CommandError(
        EXIT.usage,
        `There is no token for the tenant ${tenant}. Give it with --tokens, or let it be made with --new-tokens FILE.`,
      );
    const first = await firstToken(own, tenant, place.url);
    await append(options.newTokens, `${tenant} ${first}\n`);
    return clientOf({ url: place.url, token: first }, PATIENCE);
  };
  return { client, own: me.tenant?.slug ?? null };
}

async function firstToken(operator: Keyfold, tenant: string, url: string): Promise<string> {
  return calling({ url }, async () => {
    try {
      await operator.trpc.tenants.create.mutate({ slug: tenant });
    } catch (error) {
      if (!isKeyfoldError(error, "name_taken")) throw error;
    }
    const { token } = await operator.trpc.tokens.create
      .mutate({ tenant, name: "import", preset: "admin" })
      .catch((error: unknown) => {
        if (!isKeyfoldError(error, "forbidden")) throw error;
        throw new CommandError(
          EXIT.failed,
          `The tenant ${tenant} has tokens of its own already, and an operator makes no other. Give one with --tokens.`,
        );
      });
    if (!token) throw new CommandError(EXIT.failed, `No token for the tenant ${tenant} was made.`);
    return token;
  });
}

/** Lines of `slug token`. */
async function tokensIn(path: string, mayBeMissing = false): Promise<Record<string, string>> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (mayBeMissing && error.code === "ENOENT") return "";
    throw new CommandError(EXIT.usage, `${path} cannot be read (${error.code}).`);
  });
  const tokens: Record<string, string> = {};
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, slug, token] = /^([a-z0-9-]+)\s+(\S+)$/.exec(line.trim()) ?? [];
    if (slug === undefined || token === undefined)
      throw new CommandError(EXIT.usage, `${path}, line ${i + 1}: it is no tenant's slug and its token.`);
    tokens[slug] = token;
  }
  return tokens;
}
