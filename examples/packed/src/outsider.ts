import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pnpm } from "./run.ts";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** Packs a package into a folder, and gives the tarball's path. */
export async function pack(name: string, folder: string): Promise<string> {
  await pnpm(["pack", "--pack-destination", folder], join(repository, "packages", name));
  return join(folder, `keyfold-${name}-0.0.0.tgz`);
}

/** Packs the command line into a folder, and gives the tarball's path. */
export async function packCli(folder: string): Promise<string> {
  await pnpm(["pack", "--pack-destination", folder], join(repository, "apps/cli"));
  return join(folder, "keyfold-0.0.0.tgz");
}

/**
 * Makes a folder that has nothing but tarballs of ours, what an example depends on, and the example's sources.
 * @param tarballs by the package's name without its scope
 */
export async function installOutside(options: {
  folder: string;
  example: string;
  tarballs: Readonly<Record<string, string>>;
  files: readonly string[];
}): Promise<void> {
  const { folder, example, tarballs, files } = options;
  const from = join(repository, "examples", example);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(join(from, "src"))) {
    if (!/\.test(-d)?\.ts$/.test(name)) await cp(join(from, "src", name), join(folder, name));
  }
  for (const name of files) await cp(join(repository, "examples/packed/outsider", name), join(folder, name));

  const ours = Object.fromEntries(
    Object.entries(tarballs).map(([name, path]) => [`@keyfold/${name}`, `file:${path}`]),
  );
  const manifest = {
    name: "outsider",
    private: true,
    type: "module",
    dependencies: { ...(await dependenciesOf(from)), ...ours },
    devDependencies: {
      typescript: await installed(join(repository, "examples/packed"), "typescript"),
      "@types/node": await installed(join(repository, "examples/packed"), "@types/node"),
    },
  };
  const overrides = Object.entries(ours).map(([name, path]) => `  "${name}": "${path}"\n`);
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024"],
    types: ["node"],
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "pnpm-workspace.yaml"), `overrides:\n${overrides.join("")}`);
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  await pnpm(["install", "--prefer-offline", "--ignore-scripts"], folder);
}

/** What an example depends on beside our own packages, in the versions that are installed here. */
async function dependenciesOf(example: string): Promise<Record<string, string>> {
  const { dependencies } = JSON.parse(await readFile(join(example, "package.json"), "utf8"));
  const theirs = Object.keys(dependencies).filter((name) => !name.startsWith("@keyfold/"));
  const versions = theirs.map(async (name) => [name, await installed(example, name)] as const);
  return Object.fromEntries(await Promise.all(versions));
}

async function installed(folder: string, name: string): Promise<string> {
  return JSON.parse(await readFile(join(folder, "node_modules", name, "package.json"), "utf8")).version;
}
