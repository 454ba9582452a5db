import { dates, inNumbers } from "../locale.ts";

const utcDay = dates({ month: "short", day: "numeric", timeZone: "UTC" });
const hour = dates({
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

/** The sentences of the audit log. */
export const au = {
  title: "Audit log",
  lead: "Everything that was done or refused in this tenant, newest first. It holds references, never values.",
  what: "What",
  outcome: "Outcome",
  allActions: "Everything",
  allOutcomes: "Any outcome",
  nouns: {
    secret: "Secrets",
    version: "Versions",
    token: "Tokens",
    session: "Sessions",
    project: "Projects",
    environment: "Environments",
    tenant: "Tenant",
    audit: "Audit log",
    member: "Members",
    role: "Roles",
    approval: "Approvals",
    federation: "Federation",
    webhook: "Webhooks",
    rotation: "Rotation",
    "secret.accessed": "Values read",
    "secret.rotated": "Rotations",
  } as Record<string, string>,
  outcomes: {
    success: "Success",
    denied: "Denied",
    not_found: "Not found",
    decryption_failed: "Decryption failed",
    error: "Error",
  } as Record<string, string>,
  none: "Nothing matches",
  noneText: "No event fits these filters.",
  when: "When",
  who: "Who",
  target: "Target",
  reason: "Why",
  ip: "Address",
  agent: "Agent",
  sequence: "Number",
  tableLabel: "Audit events",
  refresh: "Refresh",
  since: "Since",
  sinces: { ever: "Any time", hour: "Last hour", day: "Last 24 hours", week: "Last 7 days" },
  live: "Live",
  liveHint:
    "Looks every five seconds while this tab is open. Its own looks are events, too, and not shown here.",
  export: "Export",
  exported: (lines: number) => `${lines} lines exported`,
  onlyActor: (name: string) => `Only by ${name}`,
  onlyTarget: (name: string) => `Only about ${name}`,
  byOne: (name: string) => `by ${name}`,
  aboutOne: (name: string) => `about ${name}`,
  clear: (what: string) => `Show all again, not only ${what}`,
  chart: {
    day: "Reads and refusals by the hour, last 24 hours",
    week: "Reads and refusals by the hour, last 7 days",
    month: "Reads and refusals by the day, last 30 days",
    reads: "Values read",
    refused: "Refused",
    failed: "Failed",
    sum: (n: number, most: number, by: "hour" | "day") =>
      n === 0 ? "none" : `${inNumbers(n)}, at most ${inNumbers(most)} ${by === "day" ? "a day" : "an hour"}`,
    onDay: (moment: string) => utcDay.format(new Date(moment)),
    inHour: (moment: string) => hour.format(new Date(moment)),
    asTable: "As a table",
    dayColumn: "Day (UTC)",
    hourColumn: "Hour from",
    nothing: "Nothing was read or refused.",
    countedFrom: (when: string) =>
      `Counted from ${when} on: what came before is too much for one look, or no longer kept.`,
  },
  prune: {
    open: "Prune",
    title: "Take old events away",
    lead: "Only what an export that you keep has brought out. The hashes of all events stay, so the log verifies as before; what they said is in the export alone, so keep that.",
    file: "Choose the export",
    fileHint: "Its checkpoint is read here; the file is not sent.",
    noExport: (name: string) =>
      `${name} is no export with a checkpoint. Export the log again, and choose that.`,
    chosen: (name: string) => `${name}: events that its checkpoint covers can go.`,
    days: "Older than, in days",
    daysHint: "Younger events stay, whatever was exported.",
    daysLeast: (least: number) => `A whole number, ${least} at least.`,
    type: "Type the tenant's slug to confirm",
    submit: "Take away",
    busy: "Taking away…",
    done: (batches: number) =>
      batches === 0
        ? "Nothing was taken away: nothing that the export covers is that old."
        : `${inNumbers(batches)} ${batches === 1 ? "batch" : "batches"} of events taken away. Keep the export.`,
  },
  verifyOpen: "Verify",
  verify: {
    title: "Verify the audit log",
    lead: "Fetches the whole log and checks every hash and signature in this browser.",
    key: "Public key that you kept",
    keyHint: "As name+id+key. Left empty: the key that this server shows now.",
    submit: "Verify",
    busy: (lines: number) => (lines === 0 ? "Fetching…" : `${lines} lines…`),
    result: "What was found",
    levels: {
      self_consistent:
        "It fits itself. Nothing in it is signed yet: the first checkpoint comes within a minute.",
      signed: "Nothing was edited, removed, inserted or moved. The checkpoint's signature holds.",
      anchored: "Nothing was edited, removed, inserted, moved or cut off.",
    },
    wrong: "This log is not sound.",
    events: "Events / batches",
    proven: "Proven up to",
    checkpoint: "Checkpoint",
    noCheckpoint: "None yet",
    publicKey: "Server's key",
    serversKey:
      "Checked by this page, which this server sent, with the key that it shows. Against the server itself, only a key and a checkpoint that you kept elsewhere prove anything: export the log and run “keyfold audit verify” on your own machine.",
    ownKey:
      "Checked by this page, which this server sent, with the key that you gave. Whoever does not trust the server exports the log and runs “keyfold audit verify” on their own machine.",
    tooLarge:
      "This log is too large for a browser. Run “keyfold audit export” and “keyfold audit verify” instead.",
  },
} as const;
