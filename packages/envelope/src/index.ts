export { createEnvelope, type Envelope, type EnvelopeOperation, type EnvelopeOptions } from "./envelope.ts";
export { EnvelopeError, type EnvelopeErrorCode } from "./error.ts";
export { encodeFields } from "./fields.ts";
export { hybridOpener, splitHybridOpener } from "./hybrid/hybrid-wrap.ts";
export {
  generateHybridSeedFile,
  hybridSeedFromCommand,
  hybridSeedFromFile,
  hybridSeedFromText,
} from "./hybrid/seed.ts";
export { XWingPrivateKey, XWingPublicKey } from "./hybrid/x-wing.ts";
export { type Dek, SecretKey, type TenantKey, unsafelyExportKey } from "./key.ts";
export { createKeyring, Keyring, type KeyringOptions } from "./keyring.ts";
export { localRootKey } from "./local-provider.ts";
export type { DekPlace, KeyPlace, KeyPurpose, ValuePlace } from "./place.ts";
export { type RootKeyProvider, type RootKeyRef, unwrapKey, type WrappedKey, wrapKey } from "./provider.ts";
export { Redacted } from "./redacted.ts";
export { rootKeyFromBytes, rootKeyFromText } from "./root-key.ts";
export { rootKeyFromCommand } from "./root-key-command.ts";
export { generateRootKeyFile, rootKeyFromFile } from "./root-key-file.ts";
export { type Encoding, SecretValue } from "./secret-value.ts";
export { SigningKey } from "./signing-key.ts";
export {
  deriveValueKey,
  KeptValue,
  MAX_VALUE_BYTES,
  openValue,
  openWithValueKey,
  SEALED_OVERHEAD_BYTES,
  sealValue,
} from "./value.ts";
export type { ValueKey } from "./value-key.ts";
export { HYBRID_WRAP_SUITE, unwrapDek, WRAP_SUITE, type WrapSuite, wrapDek } from "./wrap.ts";
