import { generateKeyPairSync, sign } from "node:crypto";
import { encodeCheckpoint, noteKey, signNote } from "@keyfold/ledger";
import { createOutbound, parseAllow } from "@keyfold/outbound";
import { startMoto } from "@keyfold/providers/testing";
import { Sensitive } from "../config/sensitive.ts";
import { s3Target } from "../push/s3-target.ts";

/*
 * Checkpoints are put into a server of S3 that is not ours, and which checks signatures and rights: moto (PyPI), of which
 * `moto_server` with its part for S3 is given.
 *
 *   node apps/api/src/testing/push-to-s3.ts MOTO_SERVER
 */

const DEPLOYMENT = "00000000-0000-4000-8000-000000000001";
/** What is asked of it below before anybody must prove who they are: a user, their key, their right, the bucket. */
const UNCHECKED = "4";

const [command] = process.argv.slice(2);
if (command === undefined) throw new Error("say where moto_server is");
process.env.KEYFOLD_TEST_MOTO_SERVER = command;
process.env.INITIAL_NO_AUTH_ACTION_COUNT = UNCHECKED;
const moto = await startMoto();
const outbound = createOutbound({ allow: parseAllow("http://127.0.0.1") });
try {
  const { keyId, secret } = await prepare(moto.url);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = noteKey(
    `keyfold/${DEPLOYMENT}`,
    publicKey.export({ format: "der", type: "spki" }).subarray(-32),
  );
  const text = encodeCheckpoint({ origin: `${key.name}/log`, size: 1, root: Buffer.alloc(32, 1) });
  const note = signNote(text, key, (bytes) => sign(null, bytes, privateKey));
  const made = { note, time: new Date(), chains: 0, headsRoot: Buffer.alloc(32), path: [] };
  const statuses: (number | string)[] = [];
  const put: typeof outbound.put = async (asked) => {
    const outcome = await outbound.put(asked);
    statuses.push("failure" in outcome ? outcome.failure : outcome.status);
    return outcome;
  };
  const target = (by: string) => {
    const storage = {
      url: `${moto.url}/a-bucket/keyfold`,
      region: "us-east-1",
      keyId,
      secret: new Sensitive(by),
    };
    return s3Target({ check: outbound.check, put }, storage, key);
  };
  await target(secret).append("the first\n", made);
  await target(secret).append("not the first\n", made);
  const refused = await target("another")
    .append("the first\n", made)
    .catch((error: Error) => error.message);
  const found = JSON.stringify([...statuses, refused]);
  if (found !== '[200,412,403,"the checkpoints\' storage answered 403 (SignatureDoesNotMatch)"]')
    throw new Error(`it was answered ${found}`);
  console.log("checkpoints: put once, not replaced, and only by who may");
} finally {
  await outbound.close();
  await moto.close();
}

/** A user who may put objects and nothing else, their key, and a bucket. */
async function prepare(url: string): Promise<{ keyId: string; secret: string }> {
  const headers = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  });
  const iam = async (query: Record<string, string>) => {
    const body = new URLSearchParams({ ...query, Version: "2010-05-08" });
    return (await fetch(url, { method: "POST", headers: headers("iam"), body })).text();
  };
  await iam({ Action: "CreateUser", UserName: "keyfold" });
  const answer = await iam({ Action: "CreateAccessKey", UserName: "keyfold" });
  const mayPut = { Effect: "Allow", Action: "s3:PutObject", Resource: "*" };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [mayPut] });
  await iam({ Action: "PutUserPolicy", UserName: "keyfold", PolicyName: "put", PolicyDocument: policy });
  await fetch(`${url}/a-bucket`, { method: "PUT", headers: headers("s3"), body: "" });
  const member = (name: string) => new RegExp(`<${name}>([^<]+)`).exec(answer)![1]!;
  return { keyId: member("AccessKeyId"), secret: member("SecretAccessKey").replaceAll("&amp;", "&") };
}
