import type { TestProject } from "vitest/node";
import { startTestServer, type TestServerAddress } from "./test-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    keyfoldTestServer: TestServerAddress;
  }
}

/** One server for a package's whole run of tests, stopped and removed at its end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { superuserUrl, ownerUrl, appUrl, template, stop } = await startTestServer();
  project.provide("keyfoldTestServer", { superuserUrl, ownerUrl, appUrl, template });
  return stop;
}
