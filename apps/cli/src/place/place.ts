import { credentialStore } from "../login/credential-store.ts";
import { exchange, hasGivenIdToken, hasIdToken } from "../login/federation.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { folderSettings } from "./keyfold-json.ts";

/** Where a command's secrets are, and whose token it uses. */
export interface Place {
  /** Without a slash at the end. */
  url: string;
  token: string;
  /** What calls name the place by; what is left out is the token's only one, or the server's default. */
  at: { tenant?: string; project?: string; environment?: string };
}

/** The options that say where; they win over the environment, and that over `keyfold.json`. */
export interface PlaceOptions {
  url?: string;
  tenant?: string;
  project?: string;
  env?: string;
}

/**
 * A token of the environment's goes only to a server that the same person named, and not to one that a `keyfold.json` names:
 * whoever wrote a repository that somebody cloned would else be sent their token. One that `keyfold login` kept is kept for
 * its server, and goes to no other.
 * @throws CommandError that says what is missing, and how to give it
 */
export async function findPlace(terminal: Terminal, options: PlaceOptions): Promise<Place> {
  const { env } = terminal;
  const folder = terminal.cwd === undefined ? {} : await folderSettings(terminal.cwd);
  const named = options.url ?? (env.KEYFOLD_URL || undefined);
  const url = checkedUrl(named ?? folder.url);
  const at: Place["at"] = {};
  const tenant = options.tenant ?? (env.KEYFOLD_TENANT || folder.tenant);
  const kept = () => credentialStore(env).get(url);
  const token =
    named === undefined
      ? await kept()
      : env.KEYFOLD_TOKEN ||
        (hasGivenIdToken(env) ? null : await kept()) ||
        (await exchanged(terminal, url, tenant));
  if (!token && named === undefined && (env.KEYFOLD_TOKEN || hasIdToken(env))) throw onlyInFile(url);
  if (!token)
    throw new CommandError(
      EXIT.usage,
      `There is no token for ${url}. Run: keyfold login (or set KEYFOLD_TOKEN)`,
    );
  const project = options.project ?? (env.KEYFOLD_PROJECT || folder.project);
  const environment = options.env ?? (env.KEYFOLD_ENVIRONMENT || folder.environment);
  if (tenant) at.tenant = tenant;
  if (project) at.project = project;
  if (environment) at.environment = environment;
  return { url, token, at };
}

/** The refusal to send a token where only a `keyfold.json` says. */
export const onlyInFile = (url: string): CommandError =>
  new CommandError(
    EXIT.usage,
    `Only keyfold.json says that the server is ${url}, and whoever wrote it could name their own: no token is sent there. If it is right, set KEYFOLD_URL or give --url.`,
  );

/** A token of minutes for the one that CI or the cluster gives this process; null where none does. */
async function exchanged(
  terminal: Terminal,
  url: string,
  tenant: string | undefined,
): Promise<string | null> {
  if (!hasIdToken(terminal.env)) return null;
  return (await exchange(terminal.env, url, tenant)).token;
}

/** @throws CommandError */
export function checkedUrl(given: string | undefined): string {
  if (!given)
    throw new CommandError(
      EXIT.usage,
      "Where is the server? Run: keyfold init (or set KEYFOLD_URL, or give --url)",
    );
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    throw new CommandError(EXIT.usage, "The server's address is none such as https://secrets.example.com.");
  return given.replace(/\/+$/, "");
}
