export { type Encoding, SecretValue } from "@keyfold/envelope";
export { apiKeyRotator } from "./api-key.ts";
export { type Credential, credentialSchema, credentialsIn } from "./credential.ts";
export {
  type DriveOptions,
  driveRotation,
  type Journal,
  type Phase,
  type Progress,
  type TaskFacts,
} from "./drive.ts";
export {
  asRotatorError,
  ROTATOR_ERROR_CODES,
  RotatorError,
  type RotatorErrorCode,
  sentenceOf,
} from "./error.ts";
export { type HttpPost, httpRotator } from "./http/rotator.ts";
export { jwtKeysRotator } from "./keys/jwt-keys.ts";
export { ed25519Rotator, rsaRotator } from "./keys/key-pair-rotator.ts";
export { localRotators } from "./local.ts";
export { passwordRotator } from "./password.ts";
export type { Lookup, MayReach, Reach } from "./postgres/reach.ts";
export { postgresRotators } from "./postgres/rotators.ts";
export { type Rotators, rotatorsOf } from "./registry.ts";
export {
  type CleanUpTask,
  defineRotator,
  type Made,
  type Rotator,
  type RotatorDefinition,
  type StepTask,
  type Task,
} from "./rotator.ts";
export { uuidRotator } from "./uuid.ts";
