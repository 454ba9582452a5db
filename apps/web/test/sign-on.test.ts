import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { oidcProvider } from "@keyfold/api/testing";
import { requestInfo } from "@keyfold/secrets";
import { PASSWORD } from "@keyfold/secrets/testing";
import Provider from "oidc-provider";
import { expect, test } from "vitest";
import { setScene } from "./scene.ts";
import { traces } from "./visitor.ts";

const ISABEL = "isabel@initech.example";

// A real provider, over which nothing but its own library decides.
const server = createServer();
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
server.unref();
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "keyfold",
      client_secret: "fake client secret, not real",
      // A native client's loopback address is taken with whatever port.
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/sign-in/elsewhere"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@initech.example`, email_verified: id === "isabel" }),
  }),
});
server.on("request", provider.callback());

const scene = setScene({
  house: {
    signOn: [
      oidcProvider(
        {
          tenant: "initech",
          issuer,
          clientId: "keyfold",
          clientSecret: "fake client secret, not real",
          domains: ["initech.example"],
        },
        { insecure: true },
      ),
    ],
  },
});

test("somebody goes to their tenant's own provider and comes back signed in; nothing of it stays in the browser", async () => {
  const tenant = await scene.furnish("initech");
  const { people } = scene.served.house.server;
  for (const name of ["isabel", "milton"] as const) {
    const { secret } = await tenant.caller.invitations.create({
      email: `${name}@initech.example`,
      grants: [{ role: name === "isabel" ? "owner" : "developer" }],
    });
    await people.acceptLink(requestInfo({}), { secret, name, password: PASSWORD });
  }
  const visitor = await scene.visitor();
  const { page, look, complaints } = visitor;
  const goes = async (name: string) => {
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "Use single sign-on" }).click();
    await page.getByLabel("E-mail address").fill(`${name}@initech.example`);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.waitForURL(`${issuer}/**`);
    await page.locator("input[name=login]").fill(name);
    await page.locator("input[name=password]").fill("whatever it asks for");
    await page.locator("button[type=submit]").click();
    await page.getByRole("button", { name: "Continue" }).click();
  };
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Use single sign-on" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await look("sign-in-elsewhere");
  await page.getByLabel("E-mail address").fill("ada@globex.example");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("Nobody signs in elsewhere").waitFor();

  await goes("isabel");
  await page.waitForURL("**/t/initech/default/dev");
  await page.getByRole("rowheader", { name: "DATABASE_URL" }).waitFor();
  await page.getByText(ISABEL).first().waitFor();
  expect(await traces(page)).not.toMatch(/code=|state=/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");

  // An address that the provider has not verified opens nothing.
  await visitor.context.clearCookies({ name: /^_/ });
  await goes("milton");
  await page.getByText("This did not sign you in").waitFor();
  expect(page.url()).toBe(`${scene.served.url}/sign-in/elsewhere`);
  await look("sign-in-elsewhere-refused", ["1280"]);
  expect(complaints.filter((text) => !text.includes(issuer))).toEqual([]);
  await visitor.leave();
});
