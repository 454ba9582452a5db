import { signCheckpoints } from "../checkpoint/sign-job.ts";
import { cleanConsumerInstances } from "./clean/consumer-instances.ts";
import { cleanFederatedTokens } from "./clean/federated-tokens.ts";
import { cleanIdempotencyKeys } from "./clean/idempotency-keys.ts";
import { cleanLinks } from "./clean/links.ts";
import { cleanMessages } from "./clean/messages.ts";
import { cleanPeople } from "./clean/people.ts";
import { cleanRotations } from "./clean/rotations.ts";
import { cleanSessions } from "./clean/sessions.ts";
import { continueKeyJobs } from "./continue-key-jobs.ts";
import type { Job } from "./define.ts";
import { endShreds } from "./end-shreds.ts";
import { purgeSecrets } from "./purge-secrets.ts";
import { remindOfTokens } from "./remind-of-tokens.ts";
import { rotateDueKeys } from "./rotate-due-keys.ts";
import { runRotations } from "./run-rotations.ts";
import { sendMail } from "./send-mails.ts";
import { settleGraces } from "./settle-graces.ts";
import { wrapForRegions } from "./wrap-for-regions.ts";

/** Every background job there is. */
export const jobs: readonly Job[] = [
  cleanConsumerInstances,
  cleanIdempotencyKeys,
  cleanFederatedTokens,
  cleanLinks,
  cleanMessages,
  cleanPeople,
  cleanRotations,
  cleanSessions,
  continueKeyJobs,
  endShreds,
  purgeSecrets,
  remindOfTokens,
  rotateDueKeys,
  settleGraces,
  runRotations,
  sendMail,
  signCheckpoints,
  wrapForRegions,
];
