export { type Entry, type Source, SourceError } from "./entry.ts";
export { awsExportSource } from "./exports/aws.ts";
export { dopplerExportSource } from "./exports/doppler.ts";
export { googleExportSource } from "./exports/google.ts";
export { csvSource } from "./files/csv.ts";
export { dotenvSource } from "./files/dotenv.ts";
export { jsonSource, yamlSource } from "./files/structured.ts";
export { type ImportOptions, type ImportResult, importSecrets } from "./import.ts";
export { keyByPbkdf2, type Pbkdf2Parameters, parsePbkdf2 } from "./pbkdf2.ts";
export { blocking, type Fate, type Plan, type Problem } from "./plan.ts";
export { type AwsSecretsManagerOptions, awsSecretsManagerSource } from "./sources/aws-secrets-manager.ts";
export {
  COMPANY_SECRETS,
  type CompanySecretsOptions,
  companySecretsSource,
} from "./sources/company-secrets.ts";
export { type DopplerOptions, dopplerSource } from "./sources/doppler.ts";
export {
  type GoogleSecretManagerOptions,
  googleSecretManagerSource,
} from "./sources/google-secret-manager.ts";
export { type InfisicalOptions, infisicalSource } from "./sources/infisical.ts";
export { type PgcryptoOptions, pgcryptoSource, TENANT_SECRETS } from "./sources/pgcrypto.ts";
export { type PgpOptions, pgpSource } from "./sources/pgp.ts";
export type { Table } from "./sources/table.ts";
export { type VaultKvOptions, vaultKvSource } from "./sources/vault-kv.ts";
export { type Mapping, mappingSchema, slugOf, type Target } from "./target.ts";
export type { Difference, Verified } from "./verify.ts";
export type { Written } from "./write.ts";
