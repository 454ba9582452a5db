import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where Debian, Fedora and Homebrew put the module. */
const modules = [
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib64/softhsm/libsofthsm2.so",
  "/usr/local/lib/softhsm/libsofthsm2.so",
  "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

export const SOFTHSM_PIN = "not-a-real-pin-4711";

/**
 * Empty SoftHSM2 tokens in a folder of their own. The module reads SOFTHSM2_CONF from the environment of the process
 * that loads it, so one process has one of these.
 * @throws Error that says why there is none
 */
export async function softHsm(...labels: string[]): Promise<{ modulePath: string; close(): Promise<void> }> {
  const modulePath = await firstOf(
    process.env.KEYFOLD_TEST_PKCS11_MODULE ? [process.env.KEYFOLD_TEST_PKCS11_MODULE] : modules,
  );
  const folder = await mkdtemp(join(tmpdir(), "keyfold-softhsm-"));
  const tokens = join(folder, "tokens");
  const config = join(folder, "softhsm2.conf");
  await mkdir(tokens);
  await writeFile(
    config,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env.SOFTHSM2_CONF = config;
  for (const label of labels)
    await run("softhsm2-util", [
      ...["--init-token", "--free", "--label", label],
      ...["--so-pin", "not-a-real-so-pin", "--pin", SOFTHSM_PIN],
    ]);
  return { modulePath, close: () => rm(folder, { recursive: true }) };
}

async function firstOf(paths: readonly string[]): Promise<string> {
  for (const path of paths)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  throw new Error("SoftHSM2 is not installed (Debian: softhsm2)");
}
