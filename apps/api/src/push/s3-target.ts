import { createHash, createHmac } from "node:crypto";
import { type CheckpointProof, type NoteKey, openCheckpoint } from "@keyfold/ledger";
import type { Outbound } from "@keyfold/outbound";
import { SignatureV4 } from "@smithy/signature-v4";
import type { ObjectStorage } from "../config/object-storage.ts";
import type { CheckpointSink } from "./checkpoints.ts";
import { refuseAddress } from "./https-target.ts";

/** The answer to `If-None-Match: *` where an object of that name is there. */
const THERE_ALREADY = 412;
const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * Object storage that keeps checkpoints, by the protocol of S3: each is an object of its own, whose name holds the
 * deployment, the log, the log's size and the beginning of its root. So none takes another's place, whoever came first with it
 * did the same, and read in the order of their names they are what a file of checkpoints holds. What is there is never
 * replaced (RFC 9110 §13.1.2, `If-None-Match: *`).
 * @param key the deployment's, which has signed every checkpoint that comes
 * @throws StartError for an address that nothing is ever sent to
 */
export function s3Target(
  outbound: Pick<Outbound, "check" | "put">,
  storage: ObjectStorage,
  key: NoteKey,
  clock: () => Date = () => new Date(),
): CheckpointSink {
  refuseAddress(outbound, "KEYFOLD_CHECKPOINT_S3_URL", storage.url);
  const { keyId, secret, region } = storage;
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials: async () => ({ accessKeyId: keyId, secretAccessKey: secret.reveal() }),
    sha256: Sha256,
    // As S3 wants it, and no other service.
    uriEscapePath: false,
  });
  return {
    async append(line, made) {
      const url = new URL(`${storage.url.replace(/\/$/, "")}/${nameOf(made, key)}`);
      const body = Buffer.from(line, "utf8");
      const { headers } = await signer.sign(
        {
          method: "PUT",
          protocol: url.protocol,
          hostname: url.hostname,
          path: url.pathname,
          headers: { host: url.host, "content-type": "application/jsonl", "if-none-match": "*" },
          body,
        },
        { signingDate: clock() },
      );
      const outcome = await outbound.put({ url: url.href, headers, body, answerBytes: MOST_ANSWER_BYTES });
      if ("failure" in outcome) throw new Error(`the checkpoints' storage failed: ${outcome.failure}`);
      const { status, answer } = outcome;
      if (status === THERE_ALREADY || (status >= 200 && status <= 299)) return;
      throw new Error(`the checkpoints' storage answered ${status}${reasonOf(answer)}`);
    },
  };
}

function nameOf(made: CheckpointProof, key: NoteKey): string {
  const checkpoint = openCheckpoint(made.note, [key]);
  if (checkpoint === null) throw new Error("a checkpoint was not signed by this deployment");
  const [, deployment, log] = checkpoint.origin.split("/");
  const size = String(checkpoint.size).padStart(12, "0");
  return `${deployment}/${log}/${size}-${checkpoint.root.toString("hex", 0, 8)}.jsonl`;
}

/** S3's own name for a refusal, such as AccessDenied; nothing else of its answer. */
function reasonOf(answer: Buffer | null): string {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(answer?.toString("latin1") ?? "")?.[1];
  return code === undefined ? "" : ` (${code})`;
}

type Bytes = string | ArrayBuffer | ArrayBufferView;

/** SHA-256, or with a key HMAC-SHA-256, as the signer asks for them. */
class Sha256 {
  readonly #hash: { update(bytes: Uint8Array): unknown; digest(): Buffer };

  constructor(key?: Bytes) {
    this.#hash = key === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(key));
  }

  update(bytes: Bytes): void {
    this.#hash.update(bytesOf(bytes));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(bytes: Bytes): Uint8Array {
  if (typeof bytes === "string") return Buffer.from(bytes, "utf8");
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}
