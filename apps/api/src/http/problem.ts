import { type ErrorCode, httpStatus, KeyfoldError } from "@keyfold/secrets";

/** What can go wrong before a verb is reached: status and the one sentence for it. */
export const HTTP_ERRORS = {
  no_route: [404, "There is nothing at this address."],
  method_not_allowed: [405, "This address does not take that method. The Allow header says which."],
  not_json: [415, "Send the body as application/json in UTF-8, not compressed."],
  cross_site: [
    403,
    "A browser's session is used by the panel itself only: from its own origin, with its header.",
  ],
  wrong_host: [421, "This server does not answer under that host name."],
  too_many_guesses: [429, "Too many calls with tokens that are not valid came from this address. Wait."],
  too_many_calls: [429, "Too many calls at once. Wait, and send fewer."],
  local_only: [403, "This is shown to the machine itself and to operators only."],
  not_ready: [503, "This server cannot serve right now."],
} as const satisfies Record<string, readonly [number, string]>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

/** A refusal of the adapter's own. Like KeyfoldError's, its message is always safe to show. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;
  /** Headers that belong to the answer, e.g. Allow. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpErrorCode, headers: Readonly<Record<string, string>> = {}) {
    super(HTTP_ERRORS[code][1]);
    this.code = code;
    this.headers = headers;
  }
}

/** An error as every adapter shows it. */
export interface Refusal {
  code: ErrorCode | HttpErrorCode;
  status: number;
  message: string;
  issues?: readonly { path: string; message: string }[] | undefined;
  headers: Readonly<Record<string, string>>;
}

/** Says what a caller may know of an error: our own sentences, and for a stranger's the fixed one. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof HttpError) {
    const { code, message, headers } = error;
    return { code, status: HTTP_ERRORS[code][0], message, headers };
  }
  const { code, message, issues } = error instanceof KeyfoldError ? error : new KeyfoldError("internal");
  const status = httpStatus(code);
  const headers: Record<string, string> = {};
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (code === "too_many_attempts") headers["retry-after"] = "900";
  if (status === 503) headers["retry-after"] = "1";
  return { code, status, message, issues, headers };
}

export const PROBLEM_TYPE = "application/problem+json";

/** A refusal as problem details (RFC 9457). */
export function problemResponse(refusal: Refusal, correlationId: string): Response {
  return new Response(problemText(refusal, correlationId), {
    status: refusal.status,
    headers: { ...refusal.headers, "content-type": PROBLEM_TYPE },
  });
}

/** The body of that answer. */
export const problemText = (refusal: Refusal, correlationId: string): string =>
  JSON.stringify({
    type: `urn:keyfold:problem:${refusal.code}`,
    title: TITLES[refusal.status] ?? "Error",
    status: refusal.status,
    code: refusal.code,
    detail: refusal.message,
    correlation_id: correlationId,
    ...(refusal.issues === undefined ? {} : { errors: refusal.issues }),
  });

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
