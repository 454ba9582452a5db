import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { needs } from "../testing/needs.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
let served: Served;
let token: string;
let home: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
});
afterAll(() => served.close());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "keyfold-keyring-"));
  await mkdir(join(home, "run"), { mode: 0o700 });
  await writeFile(join(home, "token-file"), `${token}\n`, { mode: 0o600 });
});
// The keyring ends a moment after its bus, and may still write into its folder.
afterEach(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));

/** A shell in a session of its own, with a bus that ends with it. */
async function inSession(script: string): Promise<string> {
  const keyfold = `keyfold() { "${process.execPath}" "${MAIN}" "$@"; }`;
  const { stdout } = await promisify(execFile)(
    "dbus-run-session",
    ["--", "sh", "-c", `exec 2>&1\n${keyfold}\n${script}`],
    {
      env: {
        PATH: process.env.PATH,
        HOME: home,
        XDG_RUNTIME_DIR: join(home, "run"),
        SERVER: served.url,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      },
      cwd: home,
    },
  );
  return stdout;
}
const UNLOCK =
  'printf "not a real password" | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1';
const LOOK = 'secret-tool lookup service keyfold username "$SERVER" || echo "nothing is kept"';
const file = () => join(home, ".config", "keyfold", "credentials.json");

test("a token is kept in the desktop's keyring, which another program finds it in, and logout takes it out", async (context) => {
  needs(context, "dbus-run-session", "gnome-keyring-daemon", "secret-tool");
  const said = await inSession(`${UNLOCK}
keyfold login --url "$SERVER" < token-file
${LOOK}; echo
keyfold whoami --url "$SERVER" | grep ^tenant
keyfold logout --url "$SERVER"
${LOOK}`);
  expect(said.split("\n")).toEqual([
    expect.stringMatching(/^Signed in to .* \(tenant acme\)\.$/),
    "The token is kept in the system's keyring.",
    token,
    expect.stringMatching(/^tenant +acme$/),
    expect.stringContaining("Forgot the token"),
    "nothing is kept",
    "",
  ]);
  await expect(stat(file())).rejects.toThrow("ENOENT");
});

test("a keyring that stays locked keeps no token, nor does the kernel's, which forgets it: a closed file does", async (context) => {
  needs(context, "dbus-run-session", "gnome-keyring-daemon");
  // The bus starts the keyring when it is asked for; nobody is there to unlock it.
  const login = 'keyfold login --url "$SERVER" < token-file';
  const withoutBus = `(unset DBUS_SESSION_BUS_ADDRESS; ${login})`;
  for (const script of [login, withoutBus]) {
    expect(await inSession(script)).toContain(`The token is kept in ${file()}.\n`);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    await rm(file());
  }
});
