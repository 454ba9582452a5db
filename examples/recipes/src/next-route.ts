import { createKeyfold, type Keyfold } from "@keyfold/client";
import { secrets } from "./secrets.ts";
import { sign } from "./sign.ts";

// A route handler of Next's app router: `app/sign/route.ts`. It takes a Request and gives a Response, on Node and on the edge.

// Next evaluates modules while it builds, where there is no token: the client is made at the first request.
let keyfold: Keyfold | undefined;
const client = (): Keyfold =>
  (keyfold ??= createKeyfold({ url: process.env.KEYFOLD_URL!, token: process.env.KEYFOLD_TOKEN! }));

/** Never rendered while building, and never kept in Next's own cache, which is on the disk. */
export const dynamic = "force-dynamic";

export async function POST(request: Request): Promise<Response> {
  const key = await client().tenant(undefined, secrets).get("SIGNING_KEY");
  return Response.json({ signature: await sign(key, await request.text()) });
}

/** In a server component the same: `const origin = await allowedOrigin();`. What it returns to the browser is up to it. */
export async function allowedOrigin(): Promise<string> {
  return client().tenant(undefined, secrets).get("ALLOWED_ORIGIN");
}
