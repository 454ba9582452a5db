export { ACTIONS, type Action, PRESETS, SERVICE_ACTIONS } from "./access/actions.ts";
export { ROLE_NAMES, ROLES, type RoleName } from "./access/roles.ts";
export type { AuditEventView } from "./audit/schema.ts";
export type { NewestCheckpoint } from "./checkpoint/newest.ts";
export { CONSUMER_KINDS, type ConsumerKind } from "./consumer/kind.ts";
export { type ConsumerView, instanceName } from "./consumer/schema.ts";
export type { EnvironmentView } from "./environment/schema.ts";
export { describeCause, ERRORS, type ErrorCode, KeyfoldError } from "./error.ts";
export type { Exchanged } from "./federation/exchange.ts";
export type { IssuerFetch } from "./federation/issuer-keys.ts";
export type { RuleView } from "./federation/schema.ts";
export type { RequestInfo } from "./flow/call.ts";
export { type OpenAnswer, openAnswer } from "./flow/open-answer.ts";
export type { DomainLog, Life, Limits } from "./flow/services.ts";
export type { Verb } from "./flow/verb.ts";
export type { IdentityView } from "./identity/schema.ts";
export type { RunnableJob } from "./job/runner.ts";
export type { JobRunView } from "./job/runs.ts";
export { DeploymentError, type DeploymentProblem } from "./key/deployment/deployment-error.ts";
export { neededHybridSeeds, neededRootKeys } from "./key/deployment/needed.ts";
export type { KeyFacts } from "./key/facts.ts";
export type { KeyJobView } from "./key/schema.ts";
export { ALGORITHMS, type Algorithm } from "./key/suite/algorithm.ts";
export { type LinkLook, type Links, type Receipt, type Shown, shownByLink } from "./link/links.ts";
export type { LinkView } from "./link/schema.ts";
export type { Letter, MailTransport } from "./mail/transport.ts";
export { MESSAGE_KINDS, type MessageKind } from "./message/kinds.ts";
export { breachedIn } from "./person/breached.ts";
export type { People } from "./person/people.ts";
export {
  type Asked,
  ProviderUnreachable,
  type Said,
  type SignOnProvider,
} from "./person/sign-on/provider.ts";
export type { ProcessView } from "./process/live.ts";
export type { ProcessFacts } from "./process/report.ts";
export type { ProjectView } from "./project/schema.ts";
export type { LostEvents, RestoreReport } from "./restore/finish.ts";
export { type KeyfoldContext, type KeyfoldMeta, requestInfo } from "./router/context.ts";
export { httpStatus } from "./router/error-map.ts";
export type { KeyfoldRouter } from "./router/router.ts";
export { verbs } from "./router/verbs.ts";
export type { SecretDetail } from "./secret/detail.ts";
export type { RevealedView, SecretView } from "./secret/schema.ts";
export {
  createKeyfoldServer,
  type KeyfoldServer,
  type KeyfoldServerOptions,
  type RegionOptions,
} from "./server.ts";
export { SESSION_SECONDS } from "./session/seconds.ts";
export type { StreamItem } from "./stream/schema.ts";
export type { TenantView } from "./tenant/schema.ts";
export type { TokenView } from "./token/schema.ts";
export { generateToken } from "./token/secret.ts";
export {
  type AskedUpstream,
  type SecretSource,
  UPSTREAM_NAME,
  type Upstream,
  type UpstreamFacts,
} from "./upstream/port.ts";
export type { VersionView } from "./version/schema.ts";
export type { DispatcherOptions, WebhookDispatcher } from "./webhook/dispatch/dispatcher.ts";
export type { EndpointView } from "./webhook/schema.ts";
export type { TransportOutcome, WebhookTransport } from "./webhook/transport.ts";
