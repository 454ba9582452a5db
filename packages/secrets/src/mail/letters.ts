import type { Letter } from "./transport.ts";

/** What stands in mails, in English. */
export const invitationLetter = (to: string, tenant: string, by: string, link: string): Letter => ({
  to,
  subject: `You are invited to ${tenant} on Keyfold`,
  text: [
    `${by} invites you to ${tenant}, where your team keeps its secrets.`,
    "",
    "Open this link within a week. It works once, and for you only:",
    "",
    link,
    "",
    "If you did not expect this, there is nothing that you have to do.",
    "",
  ].join("\n"),
});

export const resetLetter = (to: string, link: string): Letter => ({
  to,
  subject: "A new password for Keyfold",
  text: [
    "Somebody, you we hope, asked for a new password for this address.",
    "",
    "Open this link within an hour. It works once:",
    "",
    link,
    "",
    "It ends all your sessions. Your second factor, if you have one, is still asked for.",
    "If it was not you, there is nothing that you have to do: without the link nothing changes.",
    "",
  ].join("\n"),
});
