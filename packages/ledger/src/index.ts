export {
  type Batch,
  batchHash,
  batchRoot,
  decodeBodies,
  decodeLeaves,
  encodeBodies,
  encodeLeaves,
  genesisHash,
  MAX_BATCH_EVENTS,
  MAX_BODIES_BYTES,
} from "./batch.ts";
export { type ChainIntact, type ChainStart, genesisPoint, verifyChain } from "./chain.ts";
export {
  type Checkpoint,
  type CheckpointProof,
  decodeCheckpoint,
  encodeCheckpoint,
  type HeadProof,
  openCheckpoint,
  proveHead,
  verifyCheckpoint,
  verifyHead,
} from "./checkpoint.ts";
export { CheckpointReader, encodeCheckpointLine, type PushedCheckpoint } from "./checkpoint-file.ts";
export { LedgerError, type LedgerErrorCode } from "./error.ts";
export {
  type ActorType,
  type AuditEvent,
  decodeEvent,
  EVENT_VERSION,
  type EventFrame,
  encodeEvent,
  MAX_DETAILS,
  MAX_EVENT_BYTES,
  type Outcome,
  PreparedEvent,
} from "./event.ts";
export type { Consistent } from "./export/consistent.ts";
export {
  type BatchLine,
  batchLine,
  type ConsistencyLine,
  consistencyLine,
  type ExportHeader,
  endLine,
  headerLine,
  headProofJson,
  headProofOf,
} from "./export/lines.ts";
export { type ExportReading, readExport } from "./export/read.ts";
export { type ExportRefused, type ExportVerified, type FromOutside, verifyExport } from "./export/verify.ts";
export type { ChainBroken, ChainPoint, ChainProblem } from "./finding.ts";
export { EMPTY, type Frontier, frontierRoot, grow, pathOfNext, rangeRootOf } from "./frontier.ts";
export {
  type ChainHead,
  decodeHeads,
  encodeHead,
  encodeHeads,
  HEAD_BYTES,
  headLeaves,
  headsEntry,
  headsRoot,
} from "./heads.ts";
export { HASH_BYTES, leafHash, merkleRoot, nodeHash } from "./merkle.ts";
export {
  decodeNoteKey,
  encodeNoteKey,
  MAX_NOTE_BYTES,
  type NoteKey,
  noteKey,
  openNote,
  signNote,
} from "./note.ts";
export {
  consistencyProof,
  consistencyRanges,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from "./proof.ts";
export { SALT_BYTES } from "./salt.ts";
export { fitText, MAX_STRING_BYTES } from "./text.ts";
