import { z } from "zod";
import { Sensitive } from "./sensitive.ts";

/** Where checkpoints are kept as objects, by the protocol of S3. */
export interface ObjectStorage {
  /** The bucket's address, with what names shall begin with. */
  url: string;
  region: string;
  keyId: string;
  secret: Sensitive;
}

/** The settings of it; nothing of a URL's path needs escaping, which signer and storage would have to agree on. */
export const objectStorageSettings = {
  KEYFOLD_CHECKPOINT_S3_URL: z
    .string()
    .regex(/^https?:\/\/[^/\s?#@]+(?:\/[A-Za-z0-9._~-]+)*\/?$/, {
      error:
        "must be a bucket's address such as https://s3.eu-central-1.amazonaws.com/my-bucket, with what names shall begin with behind it; of letters, digits and . _ ~ - there.",
    })
    .optional(),
  KEYFOLD_CHECKPOINT_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, { error: "must be a region such as eu-central-1." })
    .default("us-east-1"),
  KEYFOLD_CHECKPOINT_S3_KEY_ID: z
    .string()
    .regex(/^[\x21-\x2b\x2d\x2e\x30-\x7e]{1,256}$/, {
      error: "must be an access key's id: printable ASCII characters without spaces, commas and slashes.",
    })
    .optional(),
  KEYFOLD_CHECKPOINT_S3_SECRET: z
    .string()
    .regex(/^[\x21-\x7e]{1,4096}$/, { error: "must be printable ASCII characters without spaces." })
    .optional(),
};

/** What the settings say; null: nothing is kept there. */
export function objectStorageOf(given: {
  KEYFOLD_CHECKPOINT_S3_URL?: string | undefined;
  KEYFOLD_CHECKPOINT_S3_REGION: string;
  KEYFOLD_CHECKPOINT_S3_KEY_ID?: string | undefined;
  KEYFOLD_CHECKPOINT_S3_SECRET?: string | undefined;
}): ObjectStorage | null {
  const url = given.KEYFOLD_CHECKPOINT_S3_URL;
  const keyId = given.KEYFOLD_CHECKPOINT_S3_KEY_ID;
  const secret = given.KEYFOLD_CHECKPOINT_S3_SECRET;
  if (url === undefined || keyId === undefined || secret === undefined) return null;
  return { url, region: given.KEYFOLD_CHECKPOINT_S3_REGION, keyId, secret: new Sensitive(secret) };
}
