import { KeyfoldError } from "@keyfold/secrets";
import { parseJson } from "./json-text.ts";
import { HttpError } from "./problem.ts";

const MIB = 1024 * 1024;

/**
 * Most bytes of a body: escaped as \u0001, one byte of a value takes six in JSON; a bulk call carries 8 MiB of values, in
 * base64 at most.
 * @param maxValueBytes most bytes of one value, decoded
 */
export function bodyLimits(maxValueBytes = MIB): { single: number; bulk: number } {
  const single = 6 * maxValueBytes + MIB / 16;
  return { single, bulk: Math.max(12 * MIB, single) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A request's JSON, counted while it streams in: a Content-Length is only a claim. But Node's own server lets no more through
 * than it says, and a body that it says is small enough is read without a web stream, which takes a tenth of a set's time.
 * @param maxBytes most bytes of the body
 * @param ofNode whether the request came from Node's own server
 * @throws KeyfoldError `too_large`, `bad_input`; HttpError `not_json`. None says anything of the body.
 */
export async function readJson(request: Request, maxBytes: number, ofNode = false): Promise<unknown> {
  if (!isJson(request.headers)) throw new HttpError("not_json");
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  const bytes = ofNode && length <= maxBytes ? await readWhole(request) : await readBytes(request, maxBytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new KeyfoldError("bad_input", { issues: [{ path: "body", message: "is not valid UTF-8" }] });
  } finally {
    bytes.fill(0);
  }
  return parseJson(text);
}

function isJson(headers: Headers): boolean {
  const [type, ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith("charset="));
  return (
    type?.trim() === "application/json" &&
    (charset === undefined || /^charset="?utf-8"?$/.test(charset)) &&
    (headers.get("content-encoding") ?? "identity") === "identity"
  );
}

const cutShort = () =>
  new KeyfoldError("bad_input", { issues: [{ path: "body", message: "was cut short" }] });

async function readWhole(request: Request): Promise<Buffer> {
  try {
    return Buffer.from(await request.arrayBuffer());
  } catch {
    throw cutShort();
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else chunks.length = 0; // read on and keep nothing: see discardBody
      if (size > MOST_DISCARDED_BYTES) break;
    }
  } catch {
    throw cutShort();
  }
  if (size > maxBytes)
    throw new KeyfoldError("too_large", { sentence: `The body of this call has at most ${maxBytes} bytes.` });
  return Buffer.concat(chunks, size);
}

/** How much of a refused body is still taken in, in bytes. */
const MOST_DISCARDED_BYTES = 64 * 1024 * 1024;

/**
 * Reads what is left of a body that nobody wanted. A client that is still sending would otherwise find the connection
 * closed under it, and never read why.
 */
export async function discardBody(request: Request): Promise<void> {
  if (request.method === "GET" || request.method === "HEAD" || request.bodyUsed) return;
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > MOST_DISCARDED_BYTES) return;
    }
  } catch {
    // The client is gone, and so nobody waits for an answer.
  }
}
