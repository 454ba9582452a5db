import { request } from "node:http";

export interface RawCall {
  path: string;
  token: string;
  headers?: Record<string, string | string[]>;
  /** Sent with POST; without one it is a GET. */
  body?: string;
  /** In pieces, so without a length told before. */
  chunked?: boolean;
}

export interface RawAnswer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** What Node's own client gets: status, headers and body, as they were on the wire. */
export function callRaw(url: string, { path, token, headers = {}, body, chunked = false }: RawCall) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const all = { authorization: `Bearer ${token}`, "x-correlation-id": "the-same-id", ...headers };
    const method = body === undefined ? "GET" : "POST";
    const call = request(url + path, { headers: all, method }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        const { date: _, "transfer-encoding": __, ...rest } = response.headers;
        resolve({ status: response.statusCode!, headers: rest, body: text });
      });
    }).on("error", reject);
    if (chunked) call.write(" ");
    call.end(body);
  });
}
