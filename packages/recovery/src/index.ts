export { readText, writeNew } from "./files.ts";
export {
  type BundleContents,
  type BundledRootKey,
  type OpenedBundle,
  openKeyBundle,
  proofDigest,
  sealKeyBundle,
} from "./key-bundle.ts";
export { checkRecipients, identitiesIn, makeIdentity, recipientFingerprint } from "./recipient.ts";
export { RecoveryError, type RecoveryProblem } from "./recovery-error.ts";
export { currentRootKey, writeHybridSeed, writeRootKey } from "./root-key-files.ts";
