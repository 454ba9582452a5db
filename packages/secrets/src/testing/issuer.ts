import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from "jose";
import type { IssuerFetch } from "../federation/issuer-keys.ts";

/** Somebody else's issuer of tokens, with its documents in memory: it signs, changes its keys, and goes away as it is told. */
export class FakeIssuer implements IssuerFetch {
  readonly url: string;
  /** The addresses that were fetched. */
  readonly fetched: string[] = [];
  /** What is answered instead of its documents: a failure, or a text with a status. */
  broken: { failure: string } | { status: number; text: string } | null = null;
  #pairs = new Map<string, GenerateKeyPairResult>();
  #kid = "key-1";

  constructor(url = "https://issuer.example.com") {
    this.url = url;
  }

  /** Signs with a new key from now on. @param keep whether the old ones are still shown */
  async rotate(kid: string, keep: boolean): Promise<void> {
    if (!keep) this.#pairs.clear();
    this.#kid = kid;
    await this.#pair(kid);
  }

  async #pair(kid: string): Promise<GenerateKeyPairResult> {
    let pair = this.#pairs.get(kid);
    if (pair === undefined) {
      pair = await generateKeyPair("ES256", { extractable: true });
      this.#pairs.set(kid, pair);
    }
    return pair;
  }

  /** A token of it, five minutes long from `now`, with these claims over the usual ones; undefined leaves one out. */
  async sign(
    claims: Record<string, unknown> = {},
    options: { now?: Date; header?: Record<string, unknown> } = {},
  ): Promise<string> {
    const now = Math.floor((options.now ?? new Date()).getTime() / 1000);
    const payload = {
      iss: this.url,
      aud: "keyfold",
      sub: "repo:acme/app",
      iat: now,
      exp: now + 300,
      ...claims,
    };
    const { privateKey } = await this.#pair(this.#kid);
    return new SignJWT(JSON.parse(JSON.stringify(payload)))
      .setProtectedHeader({ alg: "ES256", kid: this.#kid, ...options.header } as { alg: string })
      .sign(privateKey);
  }

  async jwks(): Promise<{ keys: Record<string, unknown>[] }> {
    await this.#pair(this.#kid);
    const keys = [...this.#pairs].map(async ([kid, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid,
      use: "sig",
      alg: "ES256",
    }));
    return { keys: await Promise.all(keys) };
  }

  refusal(url: string): string | null {
    return url.startsWith("https://") ? null : "Only https is allowed here.";
  }

  async get(url: string) {
    this.fetched.push(url);
    if (this.broken !== null && "failure" in this.broken) return this.broken;
    if (this.broken !== null) return { status: this.broken.status, body: Buffer.from(this.broken.text) };
    const document =
      url === `${this.url}/.well-known/openid-configuration`
        ? { issuer: this.url, jwks_uri: `${this.url}/jwks` }
        : url === `${this.url}/jwks`
          ? await this.jwks()
          : null;
    return document === null
      ? { status: 404, body: Buffer.from("") }
      : { status: 200, body: Buffer.from(JSON.stringify(document)) };
  }
}
