import { z } from "zod";

/**
 * Everything that a tenant's consumers can be told of, once: what an endpoint's filter lists, and what a webhook's `type`
 * holds. Names are for ever: receivers are written against them.
 */
export const MESSAGE_KINDS = {
  "secret.created": "A secret was made, with its version 1.",
  "secret.rotated": "A secret has a new current version.",
  "secret.renamed": "A secret has another name.",
  "secret.deleted": "A secret was deleted; it can be restored until it is purged.",
  "secret.restored": "A deleted secret is back.",
  "secret.purged": "A deleted secret is gone for good, with all its versions.",
  "secret.grace_ending": "A superseded version soon stops opening.",
  "secret.grace_ended": "A superseded version has stopped opening.",
  "secret.grace_held":
    "A superseded version's time is over, and consumers still use it: it stays open for them.",
  "secret.rotation_failed": "A rotation did not finish; the old version is current and works.",
  "secret.rotation_overdue": "A secret should have been rotated by now.",
  "secret.rotation_due": "A secret that people rotate is due within days.",
  "secret.expiring": "A secret's value ends within days.",
  "secret.expired": "A secret's value has ended, as its policy says.",
  "secret.unknown_consumer": "A secret was read by a consumer that was never seen before.",
  "token.expiring": "A service token ends within days, and no other has replaced it.",
  "secret.glass_broken": "An owner goes on without the approval that a secret takes.",
  "version.revoked": "Reads of a version are refused from now on.",
  "version.destroyed": "A version's key was erased.",
  "webhook.disabled": "A webhook endpoint failed for days, and nothing is sent to it any more.",
  "webhook.test": "Somebody pressed the test button of a webhook endpoint.",
} as const satisfies Record<string, string>;

export type MessageKind = keyof typeof MESSAGE_KINDS;

export const messageKind = z.enum(Object.keys(MESSAGE_KINDS) as [MessageKind, ...MessageKind[]]);
