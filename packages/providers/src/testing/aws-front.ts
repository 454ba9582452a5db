import type { ConformanceFault, ServiceUnderTest } from "../conformance.ts";
import { Faults } from "./faults.ts";
import { answerJson, type LocalServer, localServer } from "./local-server.ts";

/*
 * Stands before a server of AWS KMS's protocol (JSON 1.1, API 2014-11-01) and shows its faults, by the "Errors" of
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html and CommonErrors, read in November 2026.
 */

const OTHER_KEY = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000";
const RETRY_AFTER_SECONDS = 7;

/** The status and the `__type` of each fault that is an answer. */
const answers: Partial<Record<ConformanceFault, [number, string]>> = {
  throttled: [400, "ThrottlingException"],
  failing: [500, "KMSInternalException"],
  denied: [400, "AccessDeniedException"],
  "key-disabled": [400, "DisabledException"],
  "key-destroyed": [400, "KMSInvalidStateException"],
};

export interface AwsFront extends LocalServer {
  service: ServiceUnderTest;
  /** The last request for an action, as JSON. */
  last(action: string): Record<string, unknown> | undefined;
}

/** @param behind asked at each request, since the server may not have started yet */
export async function awsFront(behind: () => string): Promise<AwsFront> {
  const faults = new Faults();
  const seen = new Map<string, Record<string, unknown>>();
  const server = await localServer(async ({ headers, body, response }) => {
    const action = String(headers["x-amz-target"]).replace("TrentService.", "");
    seen.set(action, JSON.parse(body.toString()));
    const fault = faults.next();
    if (fault === "hanging") return;
    if (fault === "malformed-answer") {
      response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
      response.end(body.subarray(0, 20));
      return;
    }
    // A wrap or key under the name of another key than the one asked for.
    if (fault === "wrong-checksum") {
      const any = Buffer.alloc(32, 7).toString("base64");
      return answerJson(response, 200, { KeyId: OTHER_KEY, Plaintext: any, CiphertextBlob: any });
    }
    const answer = fault && answers[fault];
    if (answer) {
      const [status, type] = answer;
      const wait = fault === "throttled" ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {};
      return answerJson(response, status, { __type: type, message: body.toString() }, wait);
    }
    const passed = await fetch(behind(), {
      method: "POST",
      headers: {
        "content-type": String(headers["content-type"]),
        "x-amz-target": String(headers["x-amz-target"]),
        authorization: String(headers.authorization),
      },
      body: new Uint8Array(body),
    });
    response.writeHead(passed.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(Buffer.from(await passed.arrayBuffer()));
  });
  return {
    ...server,
    last: (action) => seen.get(action),
    service: {
      faults: [
        "throttled",
        "failing",
        "hanging",
        "malformed-answer",
        "wrong-checksum",
        "denied",
        "key-disabled",
        "key-destroyed",
      ],
      retryAfterMs: RETRY_AFTER_SECONDS * 1000,
      start: (fault, requests) => faults.start(fault, requests),
      heal: () => faults.heal(),
    },
  };
}
