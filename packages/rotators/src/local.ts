import { apiKeyRotator } from "./api-key.ts";
import { jwtKeysRotator } from "./keys/jwt-keys.ts";
import { ed25519Rotator, rsaRotator } from "./keys/key-pair-rotator.ts";
import { passwordRotator } from "./password.ts";
import type { Rotator } from "./rotator.ts";
import { uuidRotator } from "./uuid.ts";

/** The rotators that need no target: whatever checks their values reads them from Keyfold. */
export const localRotators: readonly Rotator[] = [
  apiKeyRotator,
  passwordRotator,
  uuidRotator,
  ed25519Rotator,
  rsaRotator,
  jwtKeysRotator,
];
