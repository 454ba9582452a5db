export { LedgerError, type LedgerErrorCode } from "./error.ts";
export { HASH_BYTES, leafHash, merkleRoot, nodeHash } from "./merkle.ts";
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from "./proof.ts";
