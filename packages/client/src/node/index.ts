// For runtimes with Node's modules (Node, Bun, Deno): where `lastKnownGood` keeps its copies and its key.
export { type FileStoreOptions, fileStore } from "./file-store.ts";
export { hostId } from "./host-id.ts";
export { type LastKnownGoodFiles, lastKnownGoodFiles } from "./last-known-good-files.ts";
export { localKey } from "./local-key.ts";
