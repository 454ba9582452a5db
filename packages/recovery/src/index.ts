export { type Dumped, dump } from "./dump.ts";
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
export { type RestoreOptions, restoreRows } from "./restore.ts";
export {
  currentRootKey,
  keepHybridSeed,
  keepRootKey,
  seedNames,
  writeHybridSeed,
  writeRootKey,
} from "./root-key-files.ts";
export { type BackupSummary, verifyBackup } from "./verify-backup.ts";
