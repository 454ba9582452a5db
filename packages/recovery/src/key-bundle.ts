import { createHash, randomBytes } from "node:crypto";
import { armor, Decrypter, Encrypter } from "age-encryption";
import { z } from "zod";
import { checkRecipients, identitiesIn, recipientFingerprint } from "./recipient.ts";
import { RecoveryError } from "./recovery-error.ts";

/*
 * A key bundle: all that opens a deployment's keys, sealed to recovery public keys in the age format. It is text:
 *
 *   {
 *     "format": "keyfold key bundle 1",
 *     "about": "…how to open it",
 *     "deployment": …, "madeAt": …, "rootKeys": […ids],        for people; nobody relies on them
 *     "sealed": age, armored: the contents, to all recipients
 *     "proofs": { recipient's fingerprint: age, armored: a code, to that recipient alone }
 *   }
 *
 * The contents repeat what is said outside, and only they count. A recipient's code proves to the deployment that this
 * recipient has opened this very bundle. `age --decrypt` opens both parts, without Keyfold.
 */

const FORMAT = "keyfold key bundle 1";
const MAX_BUNDLE_BYTES = 1_048_576;

const rootKey = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("local"),
    id: z.string(),
    current: z.boolean(),
    key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  }),
  z.object({ kind: z.literal("provider"), id: z.string(), current: z.boolean(), setting: z.string() }),
]);

const seed = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const contents = z.object({
  format: z.literal(FORMAT),
  id: z.uuid(),
  deployment: z.uuid(),
  madeAt: z.iso.datetime(),
  publicKey: z.string(),
  rootKeys: z.array(rootKey).min(1),
  hybridSeed: seed.nullable(),
  /** A second one, which opens only: held while the seed is changed. Bundles of before have none. */
  otherHybridSeed: seed.nullable().default(null),
});

const outside = z.object({
  format: z.string(),
  sealed: z.string(),
  proofs: z.record(z.string(), z.string()),
});

/** A root key as a bundle holds it: its 32 bytes (base64url), or how to reach the key service that holds it. */
export type BundledRootKey = z.infer<typeof rootKey>;
/** What a bundle holds. Never a tenant's key. */
export type BundleContents = z.infer<typeof contents>;

export interface MadeBundle {
  text: string;
  /** SHA-256 of each recipient's code, in hex, by the recipient's fingerprint. */
  proofs: Record<string, string>;
}

export interface OpenedBundle {
  contents: BundleContents;
  /** The codes of the identities that were given, to be handed to `keyfold keys backup --confirm`. */
  codes: string[];
}

/** The digest that a deployment keeps of a recipient's code. */
export const proofDigest = (code: string): string => createHash("sha256").update(code.trim()).digest("hex");

/** Seals a bundle. @throws RecoveryError `refused` for recipients that are none */
export async function sealKeyBundle(
  given: Omit<BundleContents, "format">,
  recipients: readonly string[],
): Promise<MadeBundle> {
  const to = checkRecipients(recipients);
  const sealed = await seal(JSON.stringify({ format: FORMAT, ...given } satisfies BundleContents), to);
  const proofs: Record<string, string> = {};
  const digests: Record<string, string> = {};
  for (const recipient of to) {
    const code = `kfr_${randomBytes(24).toString("base64url")}`;
    const name = recipientFingerprint(recipient);
    proofs[name] = await seal(code, [recipient]);
    digests[name] = proofDigest(code);
  }
  const bundle = {
    format: FORMAT,
    about:
      "Opens a Keyfold deployment's keys. Open it with: keyfold keys open-bundle --bundle FILE --identity FILE",
    deployment: given.deployment,
    madeAt: given.madeAt,
    rootKeys: given.rootKeys.map(({ id }) => id),
    sealed,
    proofs,
  };
  return { text: `${JSON.stringify(bundle, null, 2)}\n`, proofs: digests };
}

/**
 * Opens a bundle with the identities in a file.
 * @throws RecoveryError `damaged`, `unsupported`, `wrong_identity`
 */
export async function openKeyBundle(text: string, identityFile: string): Promise<OpenedBundle> {
  const identities = await identitiesIn(identityFile);
  const bundle = read(text);
  const opened = await open(bundle.sealed, identities);
  const parsed = contents.safeParse(json(opened));
  if (!parsed.success) throw damaged("it holds something else than a bundle");
  const codes: string[] = [];
  for (const { identity, recipient } of identities) {
    const proof = bundle.proofs[recipientFingerprint(recipient)];
    if (proof !== undefined) codes.push(await open(proof, [{ identity }]));
  }
  return { contents: parsed.data, codes };
}

function read(text: string): z.infer<typeof outside> {
  if (text.length > MAX_BUNDLE_BYTES) throw damaged("it is too long to be one");
  const parsed = outside.safeParse(json(text));
  if (!parsed.success) throw damaged("it is cut off, or something else than a bundle");
  if (parsed.data.format === FORMAT) return parsed.data;
  if (/^keyfold key bundle \d+$/.test(parsed.data.format))
    throw new RecoveryError(
      "unsupported",
      "This key bundle was made by a newer release of Keyfold. Use that one.",
    );
  throw damaged("it is something else than a bundle");
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function seal(text: string, recipients: readonly string[]): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

async function open(armored: string, identities: readonly { identity: string }[]): Promise<string> {
  const decrypter = new Decrypter();
  for (const { identity } of identities) decrypter.addIdentity(identity);
  let bytes: Uint8Array;
  try {
    bytes = armor.decode(armored);
  } catch {
    throw damaged("its sealed part is cut off or was edited");
  }
  try {
    return await decrypter.decrypt(bytes, "text");
  } catch (error) {
    if (isNoMatch(error))
      throw new RecoveryError(
        "wrong_identity",
        "This identity does not open this: it was sealed to other recovery keys.",
      );
    throw damaged("its sealed part is cut off or was edited");
  }
}

/** The library says so in a sentence only. */
export const isNoMatch = (error: unknown): boolean =>
  error instanceof Error && /no identity matched/i.test(error.message);

const damaged = (what: string) =>
  new RecoveryError("damaged", `This key bundle cannot be used: ${what}. Take another copy.`);
