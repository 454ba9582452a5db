import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { examples } from "../examples.ts";
import { names, placed } from "../place/options.ts";
import type { Terminal } from "../terminal.ts";
import type { SOURCES } from "./sources.ts";

// Spelt here, so that the sources themselves are loaded only where one is used.
const SOURCE_NAMES = [
  "dotenv",
  "json",
  "yaml",
  "csv",
  "pgcrypto",
  "company-secrets",
  "pgp",
  "infisical",
  "vault",
  "aws-secrets-manager",
  "google-secret-manager",
  "doppler",
] as const satisfies readonly (keyof typeof SOURCES)[];

/** `keyfold import`: bring every old secret along. */
export function addImport(program: Command, terminal: Terminal, end: (exit: number) => void): void {
  placed(program.command("import"))
    .description("bring secrets from where they were, and compare every value; safe to repeat")
    .addArgument(new Argument("<source>", "where they are").choices(SOURCE_NAMES))
    .argument(
      "[file]",
      "the file, where the source is one, or what the own command line of aws, gcloud or doppler exported",
    )
    .option("--dry-run", "say what would become of each, and write nothing")
    .option("--map <file>", "a JSON file that says which tenants, environments and names become which")
    .option(
      "--tenants <names>",
      "only these tenants, by their old name or their slug here, e.g. acme,globex",
      names,
    )
    .addOption(
      new Option("--on-difference <what>", "where another value stands already")
        .choices(["refuse", "overwrite", "keep"])
        .default("refuse"),
    )
    .option("--sample <number>", "compare so many values, drawn at random, instead of all", count)
    .option("--report <file>", "write what came of it into a file; no value is in it")
    .option("--sign <file>", "sign the report with this Ed25519 key (PEM), into <report>.sig")
    .option("--tokens <file>", 'tokens of the tenants, a line each: "slug token"')
    .option(
      "--new-tokens <file>",
      "make tenants that are missing, and keep their first tokens in this file: for operators",
    )
    .option("-r, --reason <text>", "why: shown in the history and the audit log")
    .option("--json", "print the report as JSON")
    .optionsGroup(
      "Old databases (the address in KEYFOLD_IMPORT_URL, the key in KEYFOLD_IMPORT_KEY, a file, or typed):",
    )
    .option("--key-file <file>", "the old key, passphrase, client secret or token")
    .addOption(
      new Option("--key-format <format>", "how the old key is written")
        .choices(["text", "hex", "base64"])
        .default("text"),
    )
    .option(
      "--pbkdf2 <parameters>",
      "the old key is a passphrase, through PBKDF2: HASH:ITERATIONS:SALT, the salt in hex",
    )
    .option("--table <name>", "the old table")
    .option("--tenant-column <name>", "its column with the tenant")
    .option("--name-column <name>", "its column with the name")
    .option("--value-column <name>", "its column with the value")
    .optionsGroup(
      "Old services (INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, VAULT_TOKEN, AWS_…, GOOGLE_ACCESS_TOKEN, DOPPLER_TOKEN):",
    )
    .option("--address <url>", "where it is")
    .option("--project-id <id>", "Infisical, Google, Doppler: the project")
    .option(
      "--environments <names>",
      "Infisical: which environments, Doppler: which configs, e.g. dev,prod",
      names,
    )
    .option(
      "--folder <path>",
      "where the tenants' folders are: /tenants in Infisical, the mount's root in Vault",
    )
    .option("--one-tenant", "folders are folders, and no tenants")
    .option(
      "--versions <number>",
      "Vault, Infisical: bring so many older versions of each along, oldest first, as far as they are kept there",
      count,
    )
    .option("--mount <path>", "Vault: the KV version 2 engine's mount")
    .option("--namespace <name>", "Vault: its namespace")
    .option("--region <name>", "AWS: the region; AWS_REGION otherwise")
    .option("--tenant-label <label>", "Google: the label that holds the tenant")
    .addHelpText(
      "after",
      examples(
        "keyfold import dotenv .env --dry-run",
        "keyfold import pgcrypto --key-file old-key --new-tokens tokens.txt --report report.json",
        "keyfold import infisical --project-id 1234 --map map.json",
        "keyfold import aws-secrets-manager --region eu-central-1 --folder tenants --dry-run",
        "keyfold import aws-secrets-manager aws.json --folder tenants --dry-run",
        "keyfold import google-secret-manager --project-id shop --tenant-label tenant",
        "keyfold import doppler --project-id shop --environments dev,prd",
        "keyfold import vault --address https://vault.example.com --mount kv --folder tenants",
      ),
    )
    .action(async (source, file, options) => {
      const { openSource } = await import("./sources.ts");
      const { runImport } = await import("./import.ts");
      end(await runImport(terminal, await openSource(terminal, source, file, options), options));
    });
}

function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1.");
}
