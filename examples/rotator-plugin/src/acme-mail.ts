import { credentialSchema, defineRotator, type Rotator, RotatorError, SecretValue } from "@keyfold/rotators";
import { z } from "zod";

interface Key {
  id: string;
  name: string;
  enabled: boolean;
  /** Shown once, when it is made. */
  key?: string;
}

/**
 * Rotates API keys of Acme Mail, which makes its keys itself.
 * @param options.origin where the service is: fixed by who runs Keyfold, so that no tenant can send it elsewhere
 */
export function acmeMailRotator(options: { origin: string }): Rotator {
  /** Asks the service, as the key `as`. Its own words never leave here: they could quote a key. */
  async function ask<T>(
    as: SecretValue,
    signal: AbortSignal,
    method: string,
    path: string,
    body?: object,
  ): Promise<T> {
    let response: Response;
    try {
      response = await fetch(new URL(path, options.origin), {
        method,
        headers: { authorization: `Bearer ${as.unsafelyText()}`, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: "error",
        signal,
      });
      if (response.ok) return (await response.json()) as T;
    } catch {
      throw new RotatorError("target_unavailable");
    }
    const { status } = response;
    if (status >= 500 || status === 429) throw new RotatorError("target_unavailable", status);
    throw new RotatorError(status === 404 ? "target_missing" : "target_refused", status);
  }

  /** Deleting a key that is gone is no failure: this very step may have done it, and its answer was lost. */
  async function remove(as: SecretValue, signal: AbortSignal, id: string): Promise<void> {
    await ask(as, signal, "DELETE", `/keys/${id}`).catch((error: unknown) => {
      if (!(error instanceof RotatorError && error.code === "target_missing")) throw error;
    });
  }

  return defineRotator({
    kind: "acme-mail",
    title: "Acme Mail: API keys",
    config: z.strictObject({ admin: credentialSchema }),
    // The key's id, never the key.
    state: z.strictObject({ keyId: z.string().regex(/^[a-z0-9]{1,40}$/) }),
    worksAtOnce: () => Number.POSITIVE_INFINITY,

    // The key is named after the rotation, so that a run that was cut short finds what it left, and takes it back.
    async make({ config, credential, rotation, signal }) {
      const admin = await credential(config.admin);
      for (const { id, name } of await ask<Key[]>(admin, signal, "GET", "/keys"))
        if (name === rotation) await remove(admin, signal, id);
      const { id, key } = await ask<Key>(admin, signal, "POST", "/keys", { name: rotation });
      return { value: SecretValue.ofText(key!), state: { keyId: id } };
    },
    async set({ config, credential, state, signal }) {
      await ask(await credential(config.admin), signal, "POST", `/keys/${state.keyId}/enable`);
    },
    async test({ pending, signal }) {
      await ask(await pending(), signal, "GET", "/me").catch((error: unknown) => {
        throw error instanceof RotatorError && error.passing ? error : new RotatorError("test_failed");
      });
    },
    async undo({ config, credential, state, signal }) {
      await remove(await credential(config.admin), signal, state.keyId);
    },
    async cleanUp({ config, credential, state, signal }) {
      await remove(await credential(config.admin), signal, state.keyId);
    },
  });
}
