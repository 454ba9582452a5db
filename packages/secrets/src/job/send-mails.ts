import { sendMails } from "../mail/send.ts";
import { defineJob } from "./define.ts";

/** Sends mail that waits: invitations, and links for new passwords. */
export const sendMail = defineJob({
  name: "mail.send",
  everySeconds: 10,
  actions: [],
  run: ({ services, signal }) => sendMails(services, signal),
});
