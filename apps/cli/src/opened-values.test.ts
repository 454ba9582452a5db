import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url);

/**
 * Every place where a value is in the open (docs/adr/0015-values-are-carried-wrapped.md), by file, and how often there: a new
 * one is a decision, and has its line here. Rotators are where values are made and checked, and are left out.
 */
const OPENED: Record<string, number> = {
  // At an adapter's edge: the router's procedures (tRPC, and callers in process), REST, the fast way of REST and tRPC, links.
  "packages/secrets/src/router/procedures.ts": 1,
  "apps/api/src/rest/mount.ts": 1,
  "apps/api/src/hot/door.ts": 1,
  "apps/api/src/links/app.ts": 1,
  // What they call, and what makes a value of what a caller wrote, or of what a rotator made.
  "packages/secrets/src/flow/open-answer.ts": 1,
  "packages/secrets/src/input/value.ts": 1,
  "packages/secrets/src/rotation/run/made-value.ts": 1,
  // Sealed: into a version, into what is no version, and anew.
  "packages/secrets/src/version/write.ts": 1,
  "packages/secrets/src/key/sealed-apart.ts": 1,
  "packages/secrets/src/key/term/move-versions.ts": 1,
  // Digested, to tell equal values.
  "packages/secrets/src/version/write-keys.ts": 1,
  "packages/secrets/src/flow/replay.ts": 1,
  "packages/secrets/src/upstream/upstreams.ts": 1,
  // What is sealed like a value and is none: webhooks' signing secrets, authenticator apps' secrets, letters.
  "packages/secrets/src/webhook/dispatch/deliver.ts": 1,
  "packages/secrets/src/webhook/signing-secret.ts": 1,
  "packages/secrets/src/person/factor/totp.ts": 1,
  "packages/secrets/src/mail/queue.ts": 1,
  // Credentials that a request shows: looked up by a digest, and counted where they are guesses. They are remembered by another
  // digest, which a credential makes of itself.
  "packages/secrets/src/access/authenticate.ts": 1,
  "packages/secrets/src/session/find.ts": 1,
  "packages/secrets/src/session/session.ts": 1,
  "apps/api/src/http/callers.ts": 2,
  // The client: handed out as text and as bytes, and sealed into a copy of its own.
  "packages/client/src/bytes.ts": 2,
  "packages/client/src/kept/last-known-good.ts": 1,
  // An import: sent, and digested.
  "packages/import/src/destination.ts": 1,
  "packages/import/src/digest.ts": 1,
  // The command line: onto a screen, a pipe or a clipboard; into a child's environment; into a file; into a call.
  "apps/cli/src/secrets/get.ts": 4,
  "apps/cli/src/inject/child.ts": 1,
  "apps/cli/src/formats/export.ts": 1,
  "apps/cli/src/secrets/value.ts": 1,
  // What they call, with a look for what no variable holds; compared by a digest; looked for in files.
  "apps/cli/src/inject/variables.ts": 2,
  "apps/cli/src/secrets/diff.ts": 1,
  "apps/cli/src/code/scan.ts": 1,
};

test("a value is in the open where this list says so, and nowhere else", async () => {
  const found: Record<string, number> = {};
  for (const folder of ["packages/", "apps/"])
    for (const part of await readdir(new URL(folder, ROOT))) {
      if (part === "rotators") continue;
      const src = `${folder}${part}/src/`;
      for (const file of await readdir(new URL(src, ROOT), { recursive: true })) {
        if (!/\.tsx?$/.test(file) || /\.test(-d)?\.ts|\.fixture\.ts|(^|\/)(testing|generated)\//.test(file))
          continue;
        const text = await readFile(new URL(src + file, ROOT), "utf8");
        const opened = text.match(
          /\.unsafely(Text|Encoded|Bytes|Wire|Secret)\(|(?<!function )\bopen(Answer|Variables)\(/g,
        );
        if (opened !== null) found[src + file] = opened.length;
      }
    }
  expect(found).toEqual(OPENED);
});
