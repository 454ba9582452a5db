import type { Addressed } from "./queue.ts";
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

/** What a secret waits for. */
export type Waits = "secret.rotation_due" | "secret.rotation_overdue" | "secret.expiring" | "secret.expired";

const WAITS: Record<Waits, (name: string) => string> = {
  "secret.rotation_due": (name) => `${name} is due for rotation`,
  "secret.rotation_overdue": (name) => `${name} should have been rotated`,
  "secret.expiring": (name) => `${name} expires`,
  "secret.expired": (name) => `${name} has expired`,
};

/** For whoever rotates a secret, and later for those who see to it that somebody does. */
export function reminderLetter(
  person: string,
  what: Waits,
  about: { tenant: string; name: string; at: Date | null; owner: string | null; escalated: boolean },
): Addressed {
  const { tenant, name, at, owner, escalated } = about;
  const said = WAITS[what](name);
  return {
    person,
    subject: `${said} (${tenant})`,
    text: [
      `In ${tenant}, ${said}${at === null ? "" : `: ${at.toISOString().slice(0, 10)}`}.`,
      "",
      owner === null ? "It has no owner." : `Its owner is ${owner}.`,
      ...(escalated ? ["They were reminded before, and it has not been done."] : []),
      "",
      "Give it a new value, or change its rotation policy, in Keyfold. Readers go on with the old",
      "value through its grace.",
      "",
    ].join("\n"),
  };
}
