import { credentials } from "@grpc/grpc-js";
import { afterAll, describe, expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";
import { gcpKmsRootKey } from "./gcp-kms.ts";
import { conform } from "./testing/conform.ts";
import { gcpServer } from "./testing/gcp-server.ts";

// Else the SDK looks for a machine of Google's around it, before the first call.
if (process.env.KEYFOLD_TEST_GCP_KMS === undefined) process.env.METADATA_SERVER_DETECTION = "none";

const keyName = "projects/keyfold-test/locations/europe-west3/keyRings/ring/cryptoKeys/root";
const server = await gcpServer(keyName);
const client = { ...server.address, sslCreds: credentials.createInsecure() };
afterAll(() => server.close());

conform({
  name: "gcp-kms (a server of the published API)",
  make: (resilience) => gcpKmsRootKey({ keyName, client, ...resilience }),
  service: server.service,
});

// Against the real service, where somebody gives a key's name and credentials in the usual places.
const { KEYFOLD_TEST_GCP_KMS: real } = process.env;
if (real !== undefined)
  conform({
    name: "gcp-kms (the real service)",
    make: (resilience) => gcpKmsRootKey({ keyName: real, ...resilience }),
    // A ciphertext that is made up may be answered by NOT_FOUND or PERMISSION_DENIED for the version it names.
    changedWrapMayGive: ["provider_unavailable"],
  });

describe("what Google Cloud KMS is asked", () => {
  const key = Buffer.alloc(32, 0x5a);
  const aad = Buffer.from("aad");

  test("carries the AAD as it is, and a checksum of each field", async () => {
    const provider = await gcpKmsRootKey({ keyName, client });
    const { id, keyVersion } = await provider.current();
    expect(id).toBe(`gcp-kms:${keyName}`);
    expect(keyVersion).toMatch(/^\d+$/);
    await provider.wrap(key, aad, id);
    expect(server.last).toMatchObject({
      name: keyName,
      plaintext: key,
      plaintextCrc32c: { value: String(crc32c(key)) },
      additionalAuthenticatedData: aad,
      additionalAuthenticatedDataCrc32c: { value: String(crc32c(aad)) },
    });
  });

  // The one INVALID_ARGUMENT that says nothing of the bytes: the wire damaged them, and they may be good.
  test("counts as unanswered, and not as refused, where the request was damaged on its way", async () => {
    const provider = await gcpKmsRootKey({ keyName, client, firstWaitMs: 0 });
    const { id } = await provider.current();
    const wrapped = await provider.wrap(key, aad, id);
    server.damageRequests = true;
    await expect(provider.unwrap(wrapped, aad, id)).rejects.toMatchObject({
      code: "provider_unavailable",
      message: "Google Cloud KMS gave an answer that is damaged, or is none to the question.",
    });
    server.damageRequests = false;
    expect(await provider.unwrap(wrapped, aad, id)).toEqual(key);
  });

  // A field that was lost on the way is not verified, and says so; the wrap may be of something else.
  test("is asked again where the service did not verify what we sent", async () => {
    const provider = await gcpKmsRootKey({ keyName, client, firstWaitMs: 0 });
    const { id } = await provider.current();
    server.verifyNothing = true;
    await expect(provider.wrap(key, aad, id)).rejects.toMatchObject({ code: "provider_unavailable" });
    server.verifyNothing = false;
    expect(await provider.unwrap(await provider.wrap(key, aad, id), aad, id)).toEqual(key);
  });
});

test.each([
  "",
  "root",
  `${keyName}/cryptoKeyVersions/1`,
  `/${keyName}`,
  keyName.replace("cryptoKeys", "secrets"),
  keyName.replace("ring/", "ring/../"),
])("anything else than a key's name is refused: %j", async (name) => {
  await expect(gcpKmsRootKey({ keyName: name })).rejects.toMatchObject({ code: "bad_root_key" });
});
