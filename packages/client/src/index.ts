export type { CacheOptions } from "./cache.ts";
export type { Clock } from "./clock.ts";
export {
  type Declarations,
  type DeclaredSecrets,
  defineSecrets,
  type SecretsOf,
  type Undeclared,
} from "./declare.ts";
export { type Issue, isKeyfoldError, KeyfoldClientError, type KeyfoldErrorCode } from "./error.ts";
export { json } from "./json.ts";
export { KeptCopyRefused, type KeptStore, type KeptUse, type LastKnownGoodOptions } from "./kept/options.ts";
export { createKeyfold, type Keyfold, type KeyfoldOptions } from "./keyfold.ts";
export type { Listing } from "./listing.ts";
export type {
  ChangeOptions,
  DeleteOptions,
  ListOptions,
  ReadOptions,
  RotateOptions,
  WriteOptions,
} from "./options.ts";
export type { ErrorCode, KeyfoldRouter, SecretDetail, SecretView, SetResult, VersionView } from "./router.ts";
export type { StandardSchema } from "./standard-schema.ts";
export type { Tenant } from "./tenant.ts";
export type { Applying, InUse, UseOptions } from "./use.ts";
export type { Watch, WatchOptions } from "./watch.ts";
