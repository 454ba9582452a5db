import type { MailTransport } from "@keyfold/secrets";
import { createTransport } from "nodemailer";
import { isLoopback } from "../config/loopback.ts";
import type { Sensitive } from "../config/sensitive.ts";
import { linkTo } from "../start/greeting.ts";

const MOST_MS = 20_000;

/**
 * Mail over SMTP. To another machine it goes encrypted (smtps://, or STARTTLS that is asked for and not merely offered), by
 * certificates that are checked; a server that answers slowly is given up on.
 * @param address where people reach this Keyfold, for the links in mails
 */
export function smtpTransport(
  { server, from }: { server: Sensitive; from: string },
  address: string,
): MailTransport {
  const url = new URL(server.reveal());
  const transport = createTransport({
    host: url.hostname,
    port: Number(url.port) || (url.protocol === "smtps:" ? 465 : 587),
    secure: url.protocol === "smtps:",
    requireTLS: url.protocol === "smtp:" && !isLoopback(url.hostname),
    ignoreTLS: url.protocol === "smtp:" && isLoopback(url.hostname),
    ...(url.username === ""
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: MOST_MS,
    greetingTimeout: MOST_MS,
    socketTimeout: MOST_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    linkTo: (secret) => linkTo(address, secret),
    async send({ to, subject, text }) {
      await transport.sendMail({
        from: { name: "Keyfold", address: from },
        to: { name: "", address: to },
        subject,
        text,
      });
    },
  };
}
