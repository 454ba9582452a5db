import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

// What is packed is the command line with our own packages in it, so that it installs as one; what is not ours stays a
// dependency, and each command's own file is loaded when it is run.

const here = new URL("../", import.meta.url);
const packed = new URL("dist/packed/", here);
const isOurs = (id: string): boolean =>
  id.startsWith("@keyfold/") || id.startsWith(".") || id.startsWith("/") || /^[A-Za-z]:\\/.test(id);

const bundle = await rolldown({
  cwd: fileURLToPath(here),
  // The threads that it starts are files of their own, beside the one that starts them.
  input: {
    main: "src/main.ts",
    "apply.worker": "../../packages/db/src/migrate/apply.worker.ts",
  },
  platform: "node",
  external: (id) => !isOurs(id),
});
const { output } = await bundle.write({
  dir: fileURLToPath(packed),
  cleanDir: true,
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
});

// Every package that the program names is one that it says it needs.
const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
  await readFile(new URL("package.json", here), "utf8"),
) as Record<string, Record<string, string>>;
const declared = new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
const chunks = new Set(output.map(({ fileName }) => fileName));
const named = output.flatMap((chunk) =>
  chunk.type === "chunk" ? [...chunk.imports, ...chunk.dynamicImports] : [],
);
const missing = new Set(
  named
    .filter((id) => !chunks.has(id) && !id.startsWith("node:"))
    .map((id) =>
      id
        .split("/")
        .slice(0, id.startsWith("@") ? 2 : 1)
        .join("/"),
    )
    .filter((name) => !declared.has(name)),
);
if (missing.size > 0) throw new Error(`package.json lacks ${[...missing].join(", ")}.`);

// Where packages/db looks for the migrations of what is packed: beside the folder of its file.
const migrations = new URL("dist/prisma/", here);
await rm(migrations, { recursive: true, force: true });
await mkdir(migrations, { recursive: true });
await cp(new URL("../../prisma/", here), migrations, { recursive: true });
