import { createHash, createHmac } from "node:crypto";
import { type Received, receiver } from "@keyfold/outbound/testing";

/** Who may put objects into the stand-in. */
export interface S3Key {
  id: string;
  secret: string;
  region: string;
}

/** A bucket on this machine that believes a signature only if it is right, and replaces nothing. */
export async function openBucket(key: S3Key) {
  const server = await receiver();
  const objects = new Map<string, string>();
  const serve = () =>
    server.answer((response, received) => {
      const refuse = (status: number, code: string) =>
        void response
          .writeHead(status, { "content-type": "application/xml" })
          .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>canary</Message></Error>`);
      if (received.method !== "PUT") return refuse(405, "MethodNotAllowed");
      if (!isSigned(received, key)) return refuse(403, "SignatureDoesNotMatch");
      if (received.headers["if-none-match"] === "*" && objects.has(received.path))
        return refuse(412, "PreconditionFailed");
      objects.set(received.path, received.body);
      response.writeHead(200).end();
    });
  serve();
  return { ...server, url: server.url, received: server.received, objects, serve };
}

/**
 * Whether a request has the signature of this key, computed from the description of AWS ("Signature Calculations for the
 * Authorization Header: Transferring Payload in a Single Chunk", Amazon S3 API Reference) and from no signer's code.
 */
export function isSigned({ method, path, headers, body }: Received, key: S3Key): boolean {
  const [, id, day, region, names, signature] =
    /^AWS4-HMAC-SHA256 ?Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  const moment = String(headers["x-amz-date"]);
  const digest = String(headers["x-amz-content-sha256"]);
  if (id !== key.id || region !== key.region || !moment.startsWith(`${day}T`)) return false;
  if (digest !== sha256(body) || !names!.split(";").includes("host")) return false;
  const canonical = [
    method,
    path,
    "",
    ...names!.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    names,
    digest,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", moment, scope, sha256(canonical)].join("\n");
  const signing = [day!, region!, "s3", "aws4_request"].reduce(hmac, Buffer.from(`AWS4${key.secret}`));
  return hmac(signing, toSign).toString("hex") === signature;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
