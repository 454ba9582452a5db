export { ConfigError } from "../config.ts";
export { addressOf, linkTo } from "./greeting.ts";
export {
  type Host,
  type HostDatabase,
  hybridSeedFile,
  openHost,
  openRestored,
  type RootKeyMaterial,
  reachDatabase,
  rootKeyFile,
} from "./host.ts";
export { rootKeyPath } from "./root-key.ts";
export { sentenceOf } from "./start-error.ts";
