import { calling, clientOf } from "../place/client.ts";
import { folderSettings } from "../place/keyfold-json.ts";
import { checkedUrl, onlyInFile } from "../place/place.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { credentialStore } from "./credential-store.ts";
import { exchange } from "./federation.ts";

/** Takes a token from a pipe, a hidden prompt or the panel, tries it, and keeps it. */
export async function login(
  terminal: Terminal,
  options: { url?: string; oidc?: boolean; tenant?: string; browser?: boolean },
): Promise<number> {
  const folder = terminal.cwd === undefined ? {} : await folderSettings(terminal.cwd);
  const named = options.url ?? (terminal.env.KEYFOLD_URL || undefined);
  const url = checkedUrl(named ?? folder.url);
  const { input } = terminal;
  // A person who types sees the address that is asked for; what is piped or exchanged is sent unseen.
  if (named === undefined && (options.oidc || (!input?.isTerminal && !options.browser)))
    throw onlyInFile(url);
  if (options.oidc)
    return loginByExchange(terminal, url, options.tenant ?? (terminal.env.KEYFOLD_TENANT || folder.tenant));
  const token = await givenToken(terminal, url, options.browser ?? false);
  if (!token)
    throw new CommandError(
      EXIT.usage,
      "No token was given. Make one in the panel (Tokens), and type or pipe it in: keyfold login < token-file",
    );
  const me = await calling({ url }, () => clientOf({ url, token }).trpc.identity.get.query());
  const kept = await credentialStore(terminal.env).set(url, token);
  const whose = me.tenant === null ? "an operator" : `tenant ${me.tenant.slug}`;
  terminal.out(`Signed in to ${url} as ${me.name} (${whose}).\n`);
  terminal.err(`The token is kept in ${kept}.\n`);
  return EXIT.done;
}

/** Piped in, typed, or, where a person types nothing, confirmed in the panel. */
async function givenToken(terminal: Terminal, url: string, browser: boolean): Promise<string | undefined> {
  const { input } = terminal;
  if (!browser) {
    if (!input?.isTerminal) return (await input?.read())?.toString("utf8").trim();
    const typed = await input.hidden(`A token for ${url} (it is not shown), or Enter to use the browser: `);
    if (typed.trim() !== "") return typed.trim();
  }
  const { tokenFromBrowser } = await import("./browser.ts");
  return tokenFromBrowser(terminal, url);
}

/** Keeps a token of minutes, for the commands that follow in the same job. */
async function loginByExchange(terminal: Terminal, url: string, tenant: string | undefined): Promise<number> {
  const { token, expiresAt, rule } = await exchange(terminal.env, url, tenant);
  const kept = await credentialStore(terminal.env).set(url, token);
  terminal.out(`Signed in to ${url} by the rule ${rule}, until ${expiresAt}.\n`);
  terminal.err(`The token is kept in ${kept}.\n`);
  return EXIT.done;
}
