import { createHash } from "node:crypto";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { awsKmsRootKey } from "./aws-kms.ts";
import { awsFront } from "./testing/aws-front.ts";
import { conform } from "./testing/conform.ts";
import { MOTO_VERSION, type Moto, startMoto } from "./testing/moto.ts";

const credentials = { accessKeyId: "AKIANOTAREALKEY", secretAccessKey: "not-a-real-secret-access-key" };
const region = "eu-central-1";
const front = await awsFront(() => moto!.url);
const client = { endpoint: front.url, credentials };
let moto: Moto | undefined;
let missing: string | undefined;
let [keyArn, otherArn] = ["", ""];

beforeAll(async () => {
  try {
    moto = await startMoto();
  } catch (error) {
    missing = `moto cannot be had here: ${error instanceof Error ? error.message.split("\n")[0] : "?"}`;
    if (process.env.CI) throw new Error(missing);
    return;
  }
  const kms = new KMSClient({ region, endpoint: moto.url, credentials });
  for (const take of [(arn: string) => (keyArn = arn), (arn: string) => (otherArn = arn)])
    take((await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "");
}, 600_000);

afterAll(async () => {
  await moto?.close();
  await front.close();
});

conform(
  {
    name: `aws-kms (moto ${MOTO_VERSION})`,
    make: (resilience) => awsKmsRootKey({ keyArn, client, ...resilience }),
    service: front.service,
    secrets: [credentials.secretAccessKey],
    // A wrap's first bytes name the key. Where they name another, moto (and AWS for one in another account) answers
    // AccessDeniedException, and that cannot be told from a right that is missing.
    changedWrapMayGive: ["provider_unavailable"],
  },
  () => missing,
);

// Against the real service, where somebody gives a key and credentials in the usual places.
const { KEYFOLD_TEST_AWS_KMS: real } = process.env;
if (real !== undefined)
  conform({
    name: "aws-kms (the real service)",
    make: (resilience) => awsKmsRootKey({ keyArn: real, ...resilience }),
    changedWrapMayGive: ["provider_unavailable"],
  });

const needsMoto = (context: TestContext) => {
  if (missing !== undefined) context.skip(missing);
};

describe("what AWS KMS is asked", () => {
  const key = Buffer.alloc(32, 0x5a);
  const aad = Buffer.from("aad");

  test("names the key each time, and binds the AAD by its SHA-256 in the encryption context", async (context) => {
    needsMoto(context);
    const provider = await awsKmsRootKey({ keyArn, client });
    const { id } = await provider.current();
    expect(id).toBe(`aws-kms:${keyArn}`);
    const wrapped = await provider.wrap(key, aad, id);
    await provider.unwrap(wrapped, aad, id);
    const EncryptionContext = {
      "keyfold:use": "root-key",
      "keyfold:aad-sha256": createHash("sha256").update(aad).digest("base64"),
    };
    expect(front.last("Encrypt")).toMatchObject({ KeyId: keyArn, EncryptionContext });
    expect(front.last("Decrypt")).toMatchObject({ KeyId: keyArn, EncryptionContext });
  });

  test("does not open what another key of the account has made", async (context) => {
    needsMoto(context);
    const [mine, other] = [
      await awsKmsRootKey({ keyArn, client }),
      await awsKmsRootKey({ keyArn: otherArn, client }),
    ];
    const wrapped = await other.wrap(key, aad, `aws-kms:${otherArn}`);
    await expect(mine.unwrap(wrapped, aad, `aws-kms:${keyArn}`)).rejects.toMatchObject({
      code: "provider_unavailable",
    });
  });
});

test.each([
  "",
  "alias/keyfold",
  "arn:aws:kms:eu-central-1:123456789012:alias/keyfold",
  "1234abcd-12ab-34cd-56ef-1234567890ab",
  "arn:aws:s3:::bucket",
  "arn:aws:kms:eu-central-1:123456789012:key/1234abcd ",
  "arn:aws:kms:evil.example/:123456789012:key/1234abcd",
])("anything else than a key's ARN is refused: %j", async (arn) => {
  await expect(awsKmsRootKey({ keyArn: arn })).rejects.toMatchObject({ code: "bad_root_key" });
});
