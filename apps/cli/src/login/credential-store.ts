import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeWhole } from "../files.ts";
import { CommandError, EXIT } from "../terminal.ts";

/** Keeps one token for each server. */
export interface CredentialStore {
  get(url: string): Promise<string | null>;
  /** @returns where it is kept, for a person to read */
  set(url: string, token: string): Promise<string>;
  /** Whether there was one. */
  remove(url: string): Promise<boolean>;
}

type Env = Readonly<Record<string, string | undefined>>;
const SERVICE = "keyfold";

/**
 * The operating system's keyring; where there is none (a container, a server without a desktop), or where
 * KEYFOLD_KEYRING=off says so, a file that only its owner can read.
 */
export function credentialStore(env: Env): CredentialStore {
  const file = fileStore(env);
  const ring = async (url: string): Promise<Entry | null> =>
    env.KEYFOLD_KEYRING === "off" ? null : keyringEntry(url);
  return {
    async get(url) {
      return (await (await ring(url))?.get()) || file.get(url);
    },
    async set(url, token) {
      if (await (await ring(url))?.set(token)) {
        await file.remove(url); // not in two places
        return "the system's keyring";
      }
      return file.set(url, token);
    },
    async remove(url) {
      const fromRing = (await (await ring(url))?.remove()) ?? false;
      return (await file.remove(url)) || fromRing;
    },
  };
}

interface Entry {
  get(): Promise<string | null>;
  set(token: string): Promise<boolean>;
  remove(): Promise<boolean>;
}

/** null where this machine has no keyring that answers. */
async function keyringEntry(url: string): Promise<Entry | null> {
  try {
    const { AsyncEntry } = await import("@napi-rs/keyring");
    // On Linux only a keyring that keeps what it is given: the kernel's, which is tried otherwise, forgets it as the
    // machine or the session ends.
    const entry = new AsyncEntry(SERVICE, url, { linux: { store: "secret-service" } });
    return {
      get: () => entry.getPassword().catch(() => null),
      // Some keyrings take what they do not give back.
      set: (token) =>
        entry.setPassword(token).then(
          async () => (await entry.getPassword().catch(() => null)) === token,
          () => false,
        ),
      remove: () =>
        entry.deletePassword().then(
          (gone) => gone !== false,
          () => false,
        ),
    };
  } catch {
    return null;
  }
}

function fileStore(env: Env): CredentialStore {
  const path = credentialsPath(env);
  const read = async (): Promise<Record<string, string>> => {
    if (path === null) return {};
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "{}";
      throw new CommandError(EXIT.usage, `${path} cannot be read (${error.code}).`);
    });
    try {
      return JSON.parse(text) as Record<string, string>;
    } catch {
      throw new CommandError(EXIT.usage, `${path} is damaged. Remove it, and sign in again: keyfold login`);
    }
  };
  const write = async (all: Record<string, string>): Promise<string> => {
    if (path === null)
      throw new CommandError(
        EXIT.usage,
        "There is no home folder to keep a token in. Set KEYFOLD_TOKEN instead.",
      );
    if (Object.keys(all).length === 0) {
      await rm(path, { force: true });
      return path;
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole(path, (file) => file.writeFile(`${JSON.stringify(all, null, 2)}\n`));
    return path;
  };
  return {
    get: async (url) => (await read())[url] ?? null,
    set: async (url, token) => write({ ...(await read()), [url]: token }),
    async remove(url) {
      const { [url]: gone, ...rest } = await read();
      if (gone === undefined) return false;
      await write(rest);
      return true;
    },
  };
}

function credentialsPath(env: Env): string | null {
  const base = env.XDG_CONFIG_HOME || (env.APPDATA ?? (env.HOME ? join(env.HOME, ".config") : null));
  return base ? join(base, "keyfold", "credentials.json") : null;
}
