export { awsApi, dopplerApi, type GoogleSecret, googleApi } from "./clouds.ts";
export { infisicalApi, infisicalSecret } from "./infisical.ts";
export { type Answer, type Asked, type Service, serveApi } from "./service.ts";
export { vaultApi } from "./vault.ts";
