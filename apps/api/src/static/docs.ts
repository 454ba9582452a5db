import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hono } from "hono";
import type { AppEnv } from "../http/facts.ts";
import { fileResponse, readStatic, type StaticFile } from "./files.ts";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Keyfold API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;

// A file of its own, since the page may run no inline script. No validator: the document leaves this server for nobody.
const START = `SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
`;

const SERVED = ["/swagger-ui.css", "/swagger-ui-bundle.js", "/favicon-32x32.png"];

/** The API's documentation for people, at /api/docs: Swagger UI's own files, from here. */
export function mountDocs(app: Hono<AppEnv>): void {
  const folder = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
  app.use("/api/docs/*", async (c, next) => {
    const facts = c.get("facts");
    facts.route = "/api/docs/*";
    facts.documentation = true;
    await next();
  });
  const text = (body: string, type: string) => () =>
    new Response(body, { headers: { "content-type": `${type}; charset=utf-8` } });
  app.get("/api/docs", text(PAGE, "text/html"));
  app.get("/api/docs/start.js", text(START, "text/javascript"));
  for (const name of SERVED) {
    let file: StaticFile | undefined;
    app.get(`/api/docs${name}`, () => {
      // Read for the first who asks: a megabyte and a half that most processes never show anyone.
      file ??= readStatic(folder, name);
      return fileResponse(file);
    });
  }
}
