import { folderSettings } from "../place/keyfold-json.ts";
import { checkedUrl } from "../place/place.ts";
import { EXIT, type Terminal } from "../terminal.ts";
import { credentialStore } from "./credential-store.ts";

/** Forgets the token of a server. The token itself goes on: it is revoked in the panel. */
export async function logout(terminal: Terminal, options: { url?: string }): Promise<number> {
  const folder = terminal.cwd === undefined ? {} : await folderSettings(terminal.cwd);
  const url = checkedUrl(options.url ?? (terminal.env.KEYFOLD_URL || folder.url));
  const gone = await credentialStore(terminal.env).remove(url);
  terminal.out(
    gone
      ? `Forgot the token for ${url}. It still works where else it is kept; revoke it in the panel to end it.\n`
      : `There was no token for ${url}.\n`,
  );
  return EXIT.done;
}
