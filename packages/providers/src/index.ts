export { type AwsKmsOptions, awsKmsRootKey } from "./aws-kms.ts";
export { type AzureKeyVaultOptions, azureKeyVaultRootKey } from "./azure-key-vault.ts";
export { ROOT_KEY_SETTINGS, type RootKeyCredentials, rootKeyFromSetting } from "./from-setting.ts";
export { type GcpKmsOptions, gcpKmsRootKey } from "./gcp-kms.ts";
export {
  newPassphraseRootKey,
  passphraseRootKey,
  rootKeyFromPassphrase,
} from "./passphrase.ts";
export { type Pkcs11Options, pkcs11RootKey } from "./pkcs11.ts";
export type { TokenKey } from "./pkcs11-token.ts";
export type { KeyServiceCall, KeyServiceOperation, ResilienceOptions } from "./resilience.ts";
export type { FailureKind } from "./service-failure.ts";
export { systemTimer, type Timer } from "./timer.ts";
export type { VaultLogin } from "./vault-login.ts";
export { type VaultTransitOptions, vaultTransitRootKey } from "./vault-transit.ts";
