import { resolve } from "node:path";
import {
  currentRootKey,
  openKeyBundle,
  readText,
  seedNames,
  writeHybridSeed,
  writeRootKey,
} from "@keyfold/recovery";
import { cwdOf, saying } from "../host/on-host.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

interface Bundle {
  bundle: string;
  identity: string;
}

const open = async (terminal: Terminal, { bundle, identity }: Bundle) => {
  const here = cwdOf(terminal);
  return openKeyBundle(await readText(resolve(here, bundle)), await readText(resolve(here, identity)));
};

/** Opens a bundle, shows what it would restore, and prints the code that proves it. Prints and writes no key. */
export function openBundle(terminal: Terminal, options: Bundle): Promise<number> {
  return saying(async () => {
    const { contents, codes } = await open(terminal, options);
    await currentRootKey(contents);
    terminal.err(
      `It opens. Deployment ${contents.deployment}, made ${contents.madeAt}, root keys ${contents.rootKeys.map((key) => key.id).join(" and ")}${seedsIn(contents)}.\n`,
    );
    for (const code of codes) terminal.out(`${code}\n`);
    return EXIT.done;
  });
}

function seedsIn(contents: Parameters<typeof seedNames>[0]): string {
  const names = seedNames(contents);
  return names.length === 0 ? ", no hybrid seed" : `, hybrid seeds ${names.join(" and ")}`;
}

/** Writes the current root key of a bundle into a new file (mode 0600), for a machine that has lost it. */
export function restoreKeys(
  terminal: Terminal,
  options: Bundle & { file?: string; hybridSeedFile?: string; otherHybridSeedFile?: string },
): Promise<number> {
  return saying(async () => {
    const { contents } = await open(terminal, options);
    const key = await currentRootKey(contents);
    if (contents.otherHybridSeed !== null && options.otherHybridSeedFile === undefined)
      throw new CommandError(
        EXIT.usage,
        "This bundle was made while the hybrid seed was changed, and holds two. Name the other one's file with --other-hybrid-seed-file, as KEYFOLD_OTHER_HYBRID_SEED_FILE will name it.",
      );
    if (contents.hybridSeed !== null) {
      if (options.hybridSeedFile === undefined)
        throw new CommandError(
          EXIT.usage,
          "This bundle holds a hybrid seed too. Name its file with --hybrid-seed-file, as KEYFOLD_HYBRID_SEED_FILE will name it.",
        );
      await writeHybridSeed(resolve(cwdOf(terminal), options.hybridSeedFile), contents.hybridSeed);
      terminal.err(
        `The hybrid seed is in ${options.hybridSeedFile}. Start with KEYFOLD_HYBRID_SEED_FILE=${options.hybridSeedFile}\n`,
      );
    }
    if (contents.otherHybridSeed !== null) {
      const other = options.otherHybridSeedFile!;
      await writeHybridSeed(resolve(cwdOf(terminal), other), contents.otherHybridSeed);
      terminal.err(
        `The other hybrid seed is in ${other}. Start with KEYFOLD_OTHER_HYBRID_SEED_FILE=${other}\n`,
      );
    }
    if (key.kind === "provider") {
      terminal.err(
        `The root key ${key.id} is in a key service, and no bundle can hold it. Set KEYFOLD_ROOT_KEY_PROVIDER to what stands on the output.\n`,
      );
      terminal.out(`${key.setting}\n`);
      return EXIT.done;
    }
    if (options.file === undefined)
      throw new CommandError(
        EXIT.usage,
        "Name the root key's file with --file, as KEYFOLD_ROOT_KEY_FILE will name it.",
      );
    await writeRootKey(resolve(cwdOf(terminal), options.file), key);
    terminal.out(`${key.id}\n`);
    terminal.err(`The root key is in ${options.file}. Start with KEYFOLD_ROOT_KEY_FILE=${options.file}\n`);
    return EXIT.done;
  });
}
