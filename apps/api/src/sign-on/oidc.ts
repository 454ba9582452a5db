import { ProviderUnreachable, type SignOnProvider } from "@keyfold/secrets";
import * as oauth from "oauth4webapi";

export interface OidcFacts {
  tenant: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  domains: readonly string[];
}

const TIMEOUT_MS = 5_000;
/** How far the provider's clock may differ, in seconds. */
const TOLERANCE_SECONDS = 30;
/** Never `none`, and no HMAC: whoever has the client's secret or a public key could sign those. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];

/**
 * A provider by OpenID Connect: the code flow with PKCE (RFC 7636, S256), state and nonce. The ID token's signature is
 * verified under the issuer's keys although it comes over TLS: it must not matter who stands in between.
 * @param insecure whether plain http is taken, which is for an issuer on this machine
 */
export function oidcProvider(facts: OidcFacts, { insecure }: { insecure: boolean }): SignOnProvider {
  const issuer = new URL(facts.issuer);
  const client: oauth.Client = { client_id: facts.clientId, [oauth.clockTolerance]: TOLERANCE_SECONDS };
  const options = () => ({
    [oauth.allowInsecureRequests]: insecure,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

  async function server(): Promise<oauth.AuthorizationServer> {
    try {
      const found = await oauth.processDiscoveryResponse(
        issuer,
        await oauth.discoveryRequest(issuer, { ...options(), algorithm: "oidc" }),
      );
      const signs = found.id_token_signing_alg_values_supported ?? ["RS256"];
      return {
        ...found,
        id_token_signing_alg_values_supported: signs.filter((alg) => ALGORITHMS.includes(alg)),
      };
    } catch (cause) {
      throw new ProviderUnreachable("no discovery document", { cause });
    }
  }

  return {
    tenant: facts.tenant,
    issuer: facts.issuer,
    domains: facts.domains,
    async begin({ redirectUri, state, nonce, verifier }, email) {
      const { authorization_endpoint: endpoint } = await server();
      if (endpoint === undefined) throw new ProviderUnreachable("no authorization endpoint");
      const url = new URL(endpoint);
      const asked = {
        client_id: facts.clientId,
        response_type: "code",
        redirect_uri: redirectUri,
        scope: "openid email",
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        login_hint: email,
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      return url.href;
    },
    async finish({ redirectUri, state, nonce, verifier }, answer) {
      const as = await server();
      try {
        const given = oauth.validateAuthResponse(as, client, new URLSearchParams(answer), state);
        const response = await oauth.authorizationCodeGrantRequest(
          as,
          client,
          oauth.ClientSecretBasic(facts.clientSecret),
          given,
          redirectUri,
          verifier,
          options(),
        );
        const result = await oauth.processAuthorizationCodeResponse(as, client, response, {
          expectedNonce: nonce,
          requireIdToken: true,
        });
        await oauth.validateApplicationLevelSignature(as, response, options());
        const claims = oauth.getValidatedIdTokenClaims(result)!;
        // OpenID Connect Core 1.0, section 5.4: what a scope asks for may stand at the UserInfo endpoint only.
        const { email, email_verified: verified } =
          claims.email === undefined && as.userinfo_endpoint !== undefined
            ? await oauth.processUserInfoResponse(
                as,
                client,
                claims.sub,
                await oauth.userInfoRequest(as, client, result.access_token, options()),
              )
            : claims;
        return {
          subject: claims.sub,
          email: typeof email === "string" ? email : null,
          emailVerified: verified === true,
        };
      } catch (error) {
        // Its own words could repeat what a stranger wrote.
        if (
          error instanceof oauth.OperationProcessingError ||
          error instanceof oauth.UnsupportedOperationError
        )
          return { refused: error.code ?? error.name };
        if (error instanceof oauth.AuthorizationResponseError) return { refused: "the provider said no" };
        if (error instanceof oauth.ResponseBodyError) return { refused: "the code was not taken" };
        if (error instanceof oauth.WWWAuthenticateChallengeError)
          return { refused: "the client was not taken" };
        throw new ProviderUnreachable("no answer", { cause: error });
      }
    },
  };
}
