import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";

/**
 * A repository is not trusted: its own settings name programs (a signature's, a pager's, a diff's), and remotes that missing
 * objects would be fetched from. None is run, nothing is fetched, and git gets no token of ours in its environment.
 */
const GIT = ["--no-pager", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false"];
const gitEnv = (env: Env): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || name.startsWith("KEYFOLD_") ? [] : [[name, value]],
    ),
  ),
  GIT_NO_LAZY_FETCH: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ALLOW_PROTOCOL: "none",
});
type Env = Readonly<Record<string, string | undefined>>;

/** Every file that a repository's history ever held, once each, by its object id. */
export async function* blobs(folder: string, env: Env): AsyncGenerator<{ id: string; content: Buffer }> {
  const git = spawn("git", [...GIT, "cat-file", "--batch-all-objects", "--unordered", "--batch"], {
    cwd: folder,
    env: gitEnv(env),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const failed = new Promise<never>((_, reject) => git.once("error", reject));
  failed.catch(() => {}); // awaited below, where there is anything to wait for
  let held: Buffer = Buffer.alloc(0);
  let wanted: { id: string; type: string; size: number } | null = null;
  const chunks = git.stdout[Symbol.asyncIterator]();
  for (;;) {
    if (wanted === null) {
      const end = held.indexOf(10);
      if (end !== -1) {
        const [id, type, size] = held.subarray(0, end).toString("latin1").split(" ");
        wanted = { id: id!, type: type!, size: Number(size) };
        held = held.subarray(end + 1);
        continue;
      }
    } else if (held.length > wanted.size) {
      if (wanted.type === "blob") yield { id: wanted.id, content: held.subarray(0, wanted.size) };
      held = held.subarray(wanted.size + 1);
      wanted = null;
      continue;
    }
    const next = await Promise.race([chunks.next(), failed]);
    if (next.done) return;
    held = Buffer.concat([held, next.value as Buffer]);
  }
}

/** A commit and path that had this object. */
export async function whereWas(
  folder: string,
  id: string,
  env: Env,
): Promise<{ commit: string; path: string } | null> {
  const { stdout } = await promisify(execFile)(
    "git",
    [
      ...GIT,
      "log",
      "--no-show-signature",
      "--no-ext-diff",
      "--no-textconv",
      "--all",
      "--format=%h",
      "--name-only",
      `--find-object=${id}`,
      "-z",
    ],
    { cwd: folder, env: gitEnv(env) },
  ).catch(() => ({ stdout: "" }));
  const [commit, path] = stdout.split(/[\0\n]+/).filter((part) => part !== "");
  return commit === undefined || path === undefined ? null : { commit, path };
}
