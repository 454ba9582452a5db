import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** A program that reads one setting, and says which packages of vendors it has loaded for it. */
const program = `
  import { registerHooks } from "node:module";
  const asked = new Set();
  registerHooks({ resolve(specifier, context, next) {
    const [vendor] = /^(@aws-sdk\\/client-kms|@google-cloud\\/kms|@azure\\/[a-z-]+|pkcs11js|age-encryption)/.exec(specifier) ?? [];
    if (vendor !== undefined) asked.add(vendor);
    return next(specifier, context);
  } });
  const { rootKeyFromSetting } = await import(process.argv[1]);
  await rootKeyFromSetting(process.argv[2]);
  console.log(JSON.stringify([...asked].sort()));
`;

test("a vendor's package is loaded where its key service is configured, and nowhere else", () => {
  const folder = mkdtempSync(join(tmpdir(), "keyfold-lazy-"));
  try {
    const file = join(folder, "key");
    writeFileSync(file, randomBytes(32), { mode: 0o600 });
    const loadedFor = (setting: string) =>
      JSON.parse(
        execFileSync(
          process.execPath,
          [
            "--input-type=module",
            "-e",
            program,
            fileURLToPath(new URL("./index.ts", import.meta.url)),
            setting,
          ],
          { encoding: "utf8" },
        ),
      );
    expect(loadedFor(`file:${file}`)).toEqual([]);
    expect(
      loadedFor("aws-kms:arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ).toEqual(["@aws-sdk/client-kms"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
