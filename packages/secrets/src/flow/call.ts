import { hash } from "node:crypto";
import { Redacted } from "@keyfold/envelope";
import type { Action } from "../access/actions.ts";
import type { Actor } from "../access/actor.ts";
import type { Services } from "./services.ts";

/** What a request shows to say who calls. Prints as `[redacted]`, and so does whatever holds it. */
export class Credential extends Redacted {
  readonly kind: "token" | "session";
  readonly #secret: string;
  #digest: { salt: string; text: string } | null = null;

  constructor(kind: "token" | "session", secret: string) {
    super();
    this.kind = kind;
    this.#secret = secret;
  }

  unsafelySecret(): string {
    return this.#secret;
  }

  /** A digest that says nothing to who does not know the salt. Made once: who calls in process shows one credential many times. */
  digest(salt: string): string {
    if (this.#digest?.salt !== salt)
      this.#digest = { salt, text: hash("sha256", salt + this.#secret, "base64") };
    return this.#digest.text;
  }
}

/** What an adapter knows of a request. */
export interface RequestInfo {
  /** The bearer token or session secret as it came, or null. */
  readonly credential: Credential | null;
  /** What the calling process calls itself: it counts among its consumer's instances, and identifies nobody. */
  readonly instance?: string | null | undefined;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Stands in the answer, the log and the audit event. */
  readonly correlationId: string;
  /** Told who it was, as soon as the credential has proved it: for an adapter's log and counters. */
  readonly onActor?: ((actor: Actor) => void) | undefined;
}

/** One call of one verb by someone who was authenticated and may do this somewhere. */
export interface Call {
  readonly services: Services;
  readonly actor: Actor;
  readonly action: Action;
  readonly request: RequestInfo;
}
