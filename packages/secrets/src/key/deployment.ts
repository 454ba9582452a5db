import { randomUUID } from "node:crypto";
import { type Connections, withDeployment } from "@keyfold/db";
import {
  type Envelope,
  EnvelopeError,
  type KeyPurpose,
  type RootKeyProvider,
  SecretKey,
} from "@keyfold/envelope";

/** The deployment's identity and its two keys, opened. */
export interface Deployment {
  id: string;
  /** Keys the row MACs. */
  integrity: SecretKey;
  /** Keys the digests of tokens, sessions and idempotency keys. */
  token: SecretKey;
  /** Whether this call made it. */
  created: boolean;
}

export type DeploymentProblem = "not_initialized" | "wrong_root_key" | "root_key_unavailable" | "damaged";

/** A start that must not go on; the message says what to do. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
  readonly problem: DeploymentProblem;
  constructor(problem: DeploymentProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** Whether this database is a deployment already, so that a new root key would open nothing of it. */
export function deploymentExists(db: Connections): Promise<boolean> {
  return withDeployment(db, async ({ sql }) => (await sql.deployment.findFirst()) !== null);
}

const PURPOSES = ["integrity", "token"] as const satisfies readonly KeyPurpose[];
const TERM = 1;

/**
 * Opens the deployment's keys with the root key, or makes deployment and keys on the very first start.
 * A start with another root key stops here and names the fingerprint it needs: nothing is made anew over what exists.
 * @throws DeploymentError
 */
export async function openDeployment(options: {
  db: Connections;
  provider: RootKeyProvider;
  envelope: Envelope;
  /** Whether an empty database may become a deployment now. */
  mayCreate: boolean;
}): Promise<Deployment> {
  const { db, provider, envelope, mayCreate } = options;
  const root = await provider.current().catch(() => {
    throw new DeploymentError(
      "root_key_unavailable",
      `The root key (${provider.kind}) cannot be reached, and without it nothing opens.`,
    );
  });
  return withDeployment(db, async ({ sql }) => {
    // Two first starts at once: one makes the deployment, the other finds it.
    await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('keyfold deployment'))`;
    const row = await sql.deployment.findFirst();
    if (row === null) {
      if (!mayCreate)
        throw new DeploymentError(
          "not_initialized",
          "This database holds no Keyfold deployment yet. Start once with KEYFOLD_BOOTSTRAP_TOKEN set, and this root key becomes its first.",
        );
      return create();
    }
    const keys = {} as Record<(typeof PURPOSES)[number], SecretKey>;
    for (const purpose of PURPOSES) keys[purpose] = await open(row.id, purpose);
    return { id: row.id, ...keys, created: false };

    async function create(): Promise<Deployment> {
      const id = randomUUID();
      await sql.deployment.create({ data: { id } });
      await sql.rootKey.create({
        data: { id: root.id, provider: root.provider, keyVersion: root.keyVersion },
      });
      const made = { integrity: SecretKey.generate(), token: SecretKey.generate() };
      for (const purpose of PURPOSES) {
        const key = made[purpose];
        const wrap = await envelope.wrapKey(provider, key, {
          deployment: id,
          tenant: id,
          purpose,
          term: TERM,
        });
        await sql.deploymentKey.create({
          data: { purpose, term: TERM, checkValue: key.checkValue() as Buffer<ArrayBuffer> },
        });
        await sql.deploymentKeyWrap.create({
          data: { purpose, term: TERM, ...wrap, wrapped: wrap.wrapped as Buffer<ArrayBuffer> },
        });
      }
      return { id, ...made, created: true };
    }

    async function open(deployment: string, purpose: KeyPurpose): Promise<SecretKey> {
      const stored = await sql.deploymentKey.findUnique({
        where: { purpose_term: { purpose, term: TERM } },
        include: { wraps: true },
      });
      if (stored === null || stored.wraps.length === 0)
        throw new DeploymentError(
          "damaged",
          `The deployment's ${purpose} key is missing from the database. Restore a backup.`,
        );
      const wrap = stored.wraps.find((w) => w.opener === root.id);
      if (wrap === undefined) {
        const needed = stored.wraps.map((w) => w.opener).join(" or ");
        throw new DeploymentError(
          "wrong_root_key",
          `This database needs the root key ${needed}, but the one given is ${root.id}. Give the right one (KEYFOLD_ROOT_KEY, KEYFOLD_ROOT_KEY_FILE or KEYFOLD_ROOT_KEY_COMMAND); nothing was changed.`,
        );
      }
      const key = await envelope
        .unwrapKey(provider, wrap.wrapped, {
          deployment,
          tenant: deployment,
          purpose,
          term: TERM,
          opener: wrap.opener,
        })
        .catch((error: unknown) => {
          const code = error instanceof EnvelopeError ? error.code : "unknown";
          throw new DeploymentError(
            code === "provider_unavailable" ? "root_key_unavailable" : "damaged",
            `The deployment's ${purpose} key could not be unwrapped with ${root.id} (${code}).`,
          );
        });
      if (!key.checkValue().equals(stored.checkValue))
        throw new DeploymentError(
          "damaged",
          `The deployment's ${purpose} key does not match its check value.`,
        );
      return key;
    }
  });
}
