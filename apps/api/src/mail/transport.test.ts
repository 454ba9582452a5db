import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { expect, test } from "vitest";
import { Sensitive } from "../config/sensitive.ts";
import { smtpTransport } from "./transport.ts";

interface Taken {
  from: string;
  to: string[];
  user: string | undefined;
  text: string;
}

/** A mail server on the loopback address that takes what is sent, until the work is done. */
async function withServer(
  work: (port: number, taken: Taken[]) => Promise<void>,
  refuse?: string,
): Promise<void> {
  const taken: Taken[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    authOptional: true,
    onAuth: ({ username, password }, _, done) =>
      password === "not_a_real_password" ? done(null, { user: username }) : done(new Error("no")),
    onRcptTo: (_address, _, done) => (refuse === undefined ? done() : done(new Error(refuse))),
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
      });
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: session.user,
          text,
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  try {
    await work((server.server.address() as AddressInfo).port, taken);
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

const transportTo = (url: string) =>
  smtpTransport({ server: new Sensitive(url), from: "keyfold@example.com" }, "https://keyfold.example.com");
const letter = {
  to: "ada@example.com",
  subject: "Hello",
  text: "First line.\nSecond line: not a real secret.\n",
};

test("a letter goes to the server with its user and password, from the configured address to the one that is meant", async () => {
  await withServer(async (port, taken) => {
    const transport = transportTo(`smtp://keyfold:not_a_real_password@127.0.0.1:${port}`);
    expect(transport.linkTo("SECRET")).toBe("https://keyfold.example.com/welcome#SECRET");
    await transport.send(letter);
    expect(taken).toMatchObject([{ from: "keyfold@example.com", to: ["ada@example.com"], user: "keyfold" }]);
    expect(taken[0]!.text).toContain("Subject: Hello");
    expect(taken[0]!.text).toContain("Second line: not a real secret.");
  });
});

test("an address is one address, and a subject one line, whatever stands in them", async () => {
  await withServer(async (port, taken) => {
    const transport = transportTo(`smtp://127.0.0.1:${port}`);
    await transport.send({ ...letter, subject: "Hello\r\nBcc: evil@example.com" });
    await transport.send({ ...letter, to: "ada@example.com, evil@example.com" }).catch(() => undefined);
    for (const { to, text } of taken) {
      expect(to.length).toBe(1);
      expect(text).not.toMatch(/^Bcc:/m);
    }
    expect(taken.flatMap(({ to }) => to)).not.toContain("evil@example.com");
  });
});

test("a wrong password, a refused address, nobody there and a server without encryption elsewhere are errors with a code", async () => {
  await withServer(async (port) => {
    await expect(transportTo(`smtp://keyfold:wrong@127.0.0.1:${port}`).send(letter)).rejects.toMatchObject({
      code: "EAUTH",
    });
  });
  await withServer(async (port) => {
    await expect(transportTo(`smtp://127.0.0.1:${port}`).send(letter)).rejects.toMatchObject({
      code: "EENVELOPE",
    });
  }, "no such user");
  await expect(transportTo("smtp://127.0.0.1:1").send(letter)).rejects.toMatchObject({ code: "ESOCKET" });
  await withServer(async (port) => {
    // Not by the loopback name: then encryption is asked for, and this server has none.
    await expect(transportTo(`smtp://0.0.0.0:${port}`).send(letter)).rejects.toMatchObject({ code: "ETLS" });
  });
});
