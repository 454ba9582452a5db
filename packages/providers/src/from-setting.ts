import { readFile } from "node:fs/promises";
import { localRootKey, type RootKeyProvider, rootKeyFromFile } from "@keyfold/envelope";
import { awsKmsRootKey } from "./aws-kms.ts";
import { azureKeyVaultRootKey } from "./azure-key-vault.ts";
import { gcpKmsRootKey } from "./gcp-kms.ts";
import { badSetting } from "./optional-package.ts";
import { passphraseRootKey } from "./passphrase.ts";
import { pkcs11RootKey } from "./pkcs11.ts";
import { readPkcs11Uri } from "./pkcs11-uri.ts";
import type { ResilienceOptions } from "./resilience.ts";
import { readSecretFile } from "./secret-file.ts";
import type { VaultLogin } from "./vault-login.ts";
import { vaultTransitRootKey } from "./vault-transit.ts";

/** What a setting does not say, since it would stand in process lists and deployment files. */
export interface RootKeyCredentials {
  /** How to log in to Vault, unless the setting names a `token-file`. */
  vault?: VaultLogin;
  /** The PKCS #11 user PIN, unless the setting names a `pin-source`. */
  pkcs11Pin?: string;
}

/** How each setting begins. `docs/providers.md` has them all with examples. */
export const ROOT_KEY_SETTINGS = [
  "file:",
  "passphrase-file:",
  "aws-kms:",
  "gcp-kms:",
  "azure:",
  "vault:",
  "pkcs11:",
  "sealed:",
  "identity-file:",
] as const;

/**
 * The provider that one setting names:
 * - `file:PATH`: 32 bytes in a file
 * - `passphrase-file:PATH?parameters=PATH`: a passphrase in a file, and its parameters in another
 * - `aws-kms:ARN` (and `?endpoint=URL`)
 * - `gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K`
 * - `azure:https://VAULT.vault.azure.net/keys/NAME`
 * - `vault:https://HOST:PORT/MOUNT/KEY` (and `?namespace=…`, `?token-file=PATH`)
 * - `pkcs11:token=…;object=…?module-path=PATH&pin-source=PATH` (RFC 7512)
 * - `sealed:age1…`: a public key, which only seals; its other half is elsewhere
 * - `identity-file:PATH`: that other half, in a file as age-keygen writes it
 * @throws EnvelopeError `bad_root_key`, with a sentence that says what is wrong and quotes no more than the beginning;
 * `provider_unavailable` where a package is missing
 */
export async function rootKeyFromSetting(
  setting: string,
  credentials: RootKeyCredentials = {},
  resilience: Partial<ResilienceOptions> = {},
): Promise<RootKeyProvider> {
  const scheme = ROOT_KEY_SETTINGS.find((beginning) => setting.startsWith(beginning));
  if (scheme === undefined)
    throw badSetting(`A root key's provider must begin with one of: ${ROOT_KEY_SETTINGS.join(", ")}`);
  const rest = setting.slice(scheme.length);
  switch (scheme) {
    case "file:":
      return localRootKey(await rootKeyFromFile(rest));
    case "passphrase-file:": {
      const { path, query } = split(rest, scheme, ["parameters"]);
      if (query.parameters === undefined)
        throw badSetting("A passphrase needs its parameters: passphrase-file:PATH?parameters=PATH");
      return passphraseRootKey(
        await readSecretFile(path, "passphrase"),
        await parametersOf(query.parameters),
      );
    }
    case "aws-kms:": {
      const { path, query } = split(rest, scheme, ["endpoint"]);
      const client = query.endpoint === undefined ? {} : { client: { endpoint: query.endpoint } };
      return awsKmsRootKey({ keyArn: path, ...client, ...resilience });
    }
    case "sealed:":
      return (await import("./sealed.ts")).sealedRootKey(rest);
    case "identity-file:": {
      const text = (await readSecretFile(rest, "identity")).toString("utf8");
      const lines = text.split(/\r?\n/).map((line) => line.trim());
      const identity = lines.find((line) => line !== "" && !line.startsWith("#")) ?? "";
      return (await import("./sealed.ts")).identityRootKey(identity);
    }
    case "gcp-kms:":
      return gcpKmsRootKey({ keyName: rest, ...resilience });
    case "azure:":
      return azureKeyVaultRootKey({ keyId: rest, ...resilience });
    case "vault:":
      return vaultFrom(rest, credentials.vault, resilience);
    case "pkcs11:": {
      const { pinSource, ...key } = readPkcs11Uri(setting);
      const pin =
        pinSource === undefined
          ? credentials.pkcs11Pin
          : (await readSecretFile(pinSource, "PIN")).toString("utf8");
      if (pin === undefined)
        throw badSetting(
          "A PKCS #11 key needs a PIN: name a file with pin-source, or give it by its own setting.",
        );
      return pkcs11RootKey({ ...key, pin, ...resilience });
    }
  }
}

function vaultFrom(
  rest: string,
  given: VaultLogin | undefined,
  resilience: Partial<ResilienceOptions>,
): RootKeyProvider {
  const { path, query } = split(rest, "vault:", ["namespace", "token-file"]);
  const parts = /^(https?:\/\/[^/]+)\/(.+)\/([^/]+)$/.exec(path);
  if (!parts) throw badSetting("The root key of Vault must be given as vault:https://HOST:PORT/MOUNT/KEY.");
  const tokenFile = query["token-file"];
  const login: VaultLogin | undefined =
    tokenFile === undefined ? given : { by: "token-file", path: tokenFile };
  if (login === undefined)
    throw badSetting(
      "Vault needs a login: name a file with token-file, or give a token or role by its own setting.",
    );
  const [, address, mount, key] = parts;
  const namespace = query.namespace === undefined ? {} : { namespace: query.namespace };
  return vaultTransitRootKey({
    address: address!,
    mount: mount!,
    key: key!,
    ...namespace,
    login,
    ...resilience,
  });
}

/** What stands before `?`, and the parameters behind it; each must be a known one, once. */
function split<Name extends string>(
  rest: string,
  scheme: string,
  known: readonly Name[],
): { path: string; query: Partial<Record<Name, string>> } {
  const at = rest.indexOf("?");
  if (at === -1) return { path: rest, query: {} };
  const query: Partial<Record<Name, string>> = {};
  for (const [name, value] of new URLSearchParams(rest.slice(at + 1))) {
    const is = known.find((one) => one === name);
    if (is === undefined || query[is] !== undefined || value === "")
      throw badSetting(
        `After ${scheme}… there may stand, once each: ${known.map((one) => `${one}=…`).join(", ")}`,
      );
    query[is] = value;
  }
  return { path: rest.slice(0, at), query };
}

async function parametersOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // No new ones are made: they would make another key from the same passphrase.
    throw badSetting(
      `The parameters of the passphrase cannot be read from ${path}. Without them it opens nothing: restore the file.`,
    );
  }
}
