import type { HttpBindings } from "@hono/node-server";
import type { SecretValue } from "@keyfold/envelope";
import type { Context } from "hono";
import type { Origin } from "./client-address.ts";
import type { Counted } from "./limits/call-limits.ts";

/** What is known of a request, for everything that handles it. */
export interface Facts {
  correlationId: string;
  readonly origin: Origin;
  /** Scheme and host of this server, as browsers may name it in Origin. */
  readonly ownOrigins: () => readonly string[];
  /** The sites in whose frames the answer may stand: none, but for a link's page. */
  frames: readonly string[];
  /** Whether it is a page of the API's documentation, which is Swagger UI's. */
  documentation: boolean;
  /** The route's template, for log and metrics: never the address itself. */
  route: string;
  /** The token or session that was shown, for counting guesses; never written anywhere. */
  credential: SecretValue | null;
  /** Whether it was counted already that the credential, or the lack of one, was refused. */
  refusedCredential: boolean;
  /** Who was authenticated, once somebody was. */
  actor: { type: string; id: string; tenant?: string | null } | null;
  /** Values that were asked for by somebody who was not known yet, for the limits of reveals. */
  uncountedReveals: number;
  /** The error code that was answered. */
  refusal: string | null;
}

export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    facts: Facts;
    /** As what the call was counted, where calls are limited. */
    counted?: Counted;
  };
}

export type AppContext = Context<AppEnv>;
