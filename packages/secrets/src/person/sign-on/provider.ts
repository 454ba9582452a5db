/** What is kept between asking a provider and its answer. All but the first is drawn from a secret that only the browser has. */
export interface Asked {
  /** Where the provider sends the browser back to. */
  redirectUri: string;
  state: string;
  nonce: string;
  /** The secret of PKCE (RFC 7636). */
  verifier: string;
}

/** What a provider said, verified: signature, issuer, audience, times and nonce. */
export interface Said {
  subject: string;
  email: string | null;
  emailVerified: boolean;
}

/** Who knows a tenant's people elsewhere, by OpenID Connect. The operator names them; no tenant does. */
export interface SignOnProvider {
  /** The slug of the tenant that its people work in. */
  readonly tenant: string;
  readonly issuer: string;
  /** The domains that it speaks for, in lower case: nobody of another address comes in by it. */
  readonly domains: readonly string[];
  /** Where to send the browser. @throws ProviderUnreachable */
  begin(asked: Asked, email: string): Promise<string>;
  /**
   * Exchanges what the browser brought back.
   * @param answer the query that the provider gave the browser, without its question mark
   * @returns why not, in a word or two of ours, for the operator's log
   * @throws ProviderUnreachable
   */
  finish(asked: Asked, answer: string): Promise<Said | { readonly refused: string }>;
}

/** The provider does not answer, or not as OpenID Connect asks. */
export class ProviderUnreachable extends Error {
  override readonly name = "ProviderUnreachable";
}
