import type { Action } from "@keyfold/secrets";

/** What somebody must hold: an action, each of several, or to be a person and no token. null: nothing. */
export type Right = Action | readonly Action[] | "person" | null;

/** What stands at one address: for whom, what it says, and what can be done there. */
export interface Screen {
  /** A sentence of it, for whoever may see it. */
  says: string | RegExp;
  /** Without this right its place says so, and asks the server for nothing. */
  needs?: Right;
  /** Buttons by their names, with … for what differs, and what each takes; a menu's items after a ">". */
  offers: Record<string, Right>;
  /** Whether it shows nothing that it reads first, and so has no states of waiting and failing. */
  readsNothing?: boolean;
  /** Calls that must be refused here, since they find out who somebody is. */
  refuses?: RegExp;
}

const SECRETS: Screen["offers"] = {
  "New secret": "secret.create",
  "Folder …": "secret.list",
  "Reveal …": "secret.reveal",
  "Copy … without showing it": "secret.reveal",
  "More for …": "secret.list",
  "More for …> History": "secret.list",
  "More for …> Rotate": "secret.rotate",
  "More for …> Copy name": "secret.list",
  "More for …> Delete": "secret.delete",
};

const SECRET: Screen = {
  says: "DATABASE_URL",
  offers: {
    Close: null,
    "Reveal …": "secret.reveal",
    "Copy … without showing it": "secret.reveal",
    Rotate: "secret.rotate",
    "Share once": ["link.share", "secret.reveal"],
    "Look again": null,
    "Change policy": "rotation.set_policy",
    "Remove policy": "rotation.remove_policy",
    Declare: "consumer.declare",
    "Who may?": null,
    Restrict: "secret.set_access_policy",
    "Compare versions": "version.reveal",
    "More for version …": "version.revoke",
    "More for version …> Revoke": "version.revoke",
    "Roll back to version …": "secret.roll_back",
    "Edit details": "secret.update",
    "Delete this secret": "secret.delete",
  },
};

/** Every address of the panel, by its route. A route that is not here fails the test. */
export const SCREENS: Record<string, Screen> = {
  "/sign-in": {
    readsNothing: true,
    says: "Sign in to Keyfold",
    offers: {
      "Sign in": null,
      "Forgot your password?": null,
      "Sign in with a passkey": null,
      "Use single sign-on": null,
      "Use a token instead": null,
    },
  },
  "/sign-in/elsewhere": {
    readsNothing: true,
    says: "This did not work.",
    offers: { "Go to the sign-in page": null },
  },
  "/welcome": {
    readsNothing: true,
    says: "This link is of no use any more",
    offers: { "Go to the sign-in page": null },
  },
  "/choose": {
    says: /Where to\?|Tenants/,
    offers: { acmeacme: "person", "Sign out": "person", "New tenant": "tenant.create", Show: "tenant.list" },
    refuses: /people\/me/,
  },
  "/": {
    says: /Secrets in dev|Tenants/,
    offers: {
      ...Object.fromEntries(
        Object.entries(SECRETS).map(([name, right]) => [name, right === "secret.list" ? "person" : right]),
      ),
      // An operator's way in are the tenants.
      "More for …> Delete": ["secret.delete", "secret.reveal"],
      "New tenant": "tenant.create",
      Show: "tenant.list",
    },
  },
  "/account": {
    says: "Your account",
    needs: "person",
    offers: { "Change password": null, "Add a passkey": null, "Set up an authenticator app": null },
  },
  "/connect": { readsNothing: true, says: "This address asks for nothing", offers: {} },
  "/tenants": {
    says: "Tenants",
    needs: "tenant.list",
    offers: { Show: null, "New tenant": "tenant.create" },
  },
  "/fleet?needs=STRIPE_KEY": { says: "Fleet", needs: "tenant.fleet", offers: { Look: null } },
  "/health": { says: "Health", needs: "deployment.status", offers: { "Look again": null } },
  "/keys": {
    says: "Root keys",
    needs: "key.status",
    offers: {
      "Look again": null,
      Verify: "key.verify",
      Rotate: "key.rotate",
      "Re-encrypt values": "key.re_encrypt",
      "Rotate tenant keys": "key.rotate_tenant",
    },
  },
  "/t/$tenant": { says: "Secrets in dev", offers: SECRETS },
  "/t/$tenant/overview": { says: "Overview", offers: { Show: null, Folder: null, Compare: null } },
  "/t/$tenant/inbox": { says: "Inbox", offers: {} },
  "/t/$tenant/rotation": {
    says: "Ends soon",
    needs: "rotation.due",
    offers: { "Look ahead": null, "Look again": null, "…: 1 secret": null },
  },
  "/t/$tenant/webhooks": {
    says: "https://hooks.example.com/in",
    needs: "webhook.list",
    offers: { "New endpoint": "webhook.create" },
  },
  "/t/$tenant/webhooks?endpoint=$endpoint": {
    says: "Everything",
    needs: "webhook.list",
    offers: {
      "Send a test": "webhook.test",
      "More for this endpoint": "webhook.delete",
      "More for this endpoint> Change": "webhook.update",
      "More for this endpoint> Switch off": "webhook.update",
      "More for this endpoint> Rotate signing secret": "webhook.rotate_secret",
      "More for this endpoint> Delete endpoint": "webhook.delete",
      State: null,
      "Look again": null,
    },
  },
  "/t/$tenant/links": {
    says: "Their key",
    needs: "link.list",
    offers: {
      "Share a value": "link.share",
      "Ask for a value": "link.request",
      "Revoke the link for …": "link.revoke",
    },
  },
  "/t/$tenant/members": {
    says: "Open invitations",
    needs: "member.list",
    offers: {
      Invite: "member.add",
      "More for …": "member.get",
      "More for …> What they may do": "member.get",
      "More for …> Change": "member.change",
      "More for …> Remove": "member.remove",
      "Cancel the invitation of …": "member.add",
      "New role": "role.create",
    },
  },
  "/t/$tenant/approvals": {
    says: "Nothing waits",
    needs: "approval.list",
    offers: {
      Show: null,
      "Ask for an approval": "approval.request",
      "Break the glass": "approval.break_glass",
    },
  },
  "/t/$tenant/access": {
    readsNothing: true,
    says: "Ask, and the reasons stand here.",
    offers: { Myself: null, "Reveal a value…": null, "default / dev": null, Explain: null },
  },
  "/t/$tenant/tokens": {
    says: "Whole tenant",
    needs: "token.list",
    offers: { "New token": "token.create", "Rotate …": "token.rotate", "Revoke …": "token.revoke" },
  },
  "/t/$tenant/federation": {
    says: "No rules yet",
    needs: "federation.list",
    offers: { "New rule": "federation.create" },
  },
  "/t/$tenant/audit": {
    says: "Audit log",
    needs: "audit.list",
    offers: {
      Live: null,
      Export: "audit.export",
      Prune: "audit.prune",
      Verify: ["audit.export", "audit.checkpoint"],
      Refresh: null,
      What: null,
      Outcome: null,
      Since: null,
      "… · …": null,
    },
  },
  "/t/$tenant/settings": {
    says: "Settings",
    needs: "project.list",
    offers: {
      "New project": "project.create",
      "New environment in …": "environment.create",
      "More for default / …": "environment.rename",
      "More for default / …> Rename": "environment.rename",
      "More for default / …> Protect": "environment.protect",
      "More for default / …> Delete": "environment.delete",
      "More for default": "project.rename",
      "More for default> Rename": "project.rename",
      "More for default> Delete": "project.delete",
      Rename: "tenant.rename",
      "Change defaults": "tenant.configure",
      Shred: "tenant.shred",
      "Delete tenant": "tenant.delete",
    },
    // No shredding was asked for, which is found out by asking.
    refuses: /shreds\.status/,
  },
  "/go/$tenant/$secretId": SECRET,
  "/t/$tenant/$project/$environment/edit": {
    says: "Nothing is staged yet",
    needs: "secret.set",
    offers: {
      Read: null,
      "Choose a file": null,
      Stage: null,
      "Key to remove": "secret.delete",
      "Stage removal": "secret.delete",
    },
  },
  "/t/$tenant/$project/$environment/deleted": {
    says: "Nothing was deleted here",
    needs: "secret.restore",
    offers: {},
  },
  "/t/$tenant/$project/$environment": { says: "Secrets in dev", offers: SECRETS },
  "/t/$tenant/$project/$environment/s/$secretId": SECRET,
};
