import { inNumbers } from "../locale.ts";
/** The sentences of the operator's page of keys: apart from the others, which every first screen loads. */
export const k = {
  title: "Root keys",
  lead: "What every tenant's keys are wrapped under. Values stay readable all the time, whatever is done here.",
  refresh: "Look again",
  listLabel: "Root keys",
  current: "Current",
  retired: "Retired",
  notHeld: "Not held here",
  opensOnly: "Opens only",
  age: (days: number | null) =>
    days === null
      ? "not used yet"
      : days === 0
        ? "since today"
        : days === 1
          ? "1 day old"
          : `${days} days old`,
  wraps: (n: number, of: number) => `wraps ${number(n)} of ${number(of)} keys`,
  retire: "Retire",
  retireFor: (id: string) => `Retire ${id}`,

  health: "State",
  allWrapped: "All keys are wrapped under the current root key",
  lacking: (n: number, of: number) =>
    `${number(n)} of ${number(of)} keys are not wrapped under the current root key yet`,
  lackingHint: "Rotate, then verify. Until then the old root key is still needed.",
  verifiedOn: "Every key was last opened with it",
  notVerified: "It was not verified yet that every key opens with it.",
  due: "Next rotation due",
  overdue: "Overdue",
  howTo:
    "To change the root key, start the servers with a new one first: it then stands here as the current one.",
  rotate: "Rotate",
  verify: "Verify",

  rotateTitle: "Wrap all keys under the current root key?",
  rotateText: (id: string) =>
    `Each key is unwrapped, wrapped under ${id}, and opened again before it is stored. Nothing is taken away, and nobody has to wait.`,
  verifyTitle: "Open every key once?",
  verifyText: (id: string) =>
    `Each key is opened with ${id} alone and compared with its check value. Nothing is changed.`,
  retireTitle: "Retire this root key?",
  retireText:
    "Its wraps are removed, each after the same key was opened with the current root key once more. It does not come back. Backups of today still need it: keep its copy.",
  retireType: (end: string) => `Type its last four characters, ${end}, to go on`,
  begin: "Begin",

  tenantKeys: "Keys of tenants",
  tenantKeysLead: "Each tenant has keys of its own, which the root keys wrap.",
  rotateTenant: "Rotate tenant keys",
  reEncrypt: "Re-encrypt values",
  remove: "Remove",
  removeFor: (id: string) => `Remove ${id} as an opener`,
  tenantJob: {
    rotate_tenant: {
      title: "Rotate tenant keys?",
      text: "Each tenant gets a new key, and the keys of its values are wrapped under that. The old one goes at the end. Values keep their sealed bytes, and stay readable meanwhile.",
    },
    re_encrypt: {
      title: "Re-encrypt values?",
      text: "Each value is sealed anew under a fresh key, and stays readable meanwhile. Of a whole tenant the old key goes at the end.",
    },
    remove_opener: {
      title: "Remove this opener?",
      text: "Takes a way to open away that has seen tenant keys: they get new keys without it, and every value is sealed anew under them. It does not come back. What it could open until then is listed.",
    },
  },
  tenant: "Tenant",
  tenantHint: "Its slug or id. Left empty: every tenant.",
  secret: "Secret",
  secretHint: "Its id. Left empty: all of them.",
  secretLonely: "Name its tenant, too.",
  digests: "Make the digests anew, too",
  digestsHint: "By them the panel tells that two values are equal.",
  noRemoval: "No opener was removed.",
  removed: "Opener removed, begun",
  removing: "Opener being removed, begun",
  exposed: "What it could open",
  exposedTitle: "What the removed opener could open",
  exposedLead: "Until it was removed. Rotate these values where they are used.",
  exposedLabel: "Values that it could open",
  exposedNone: "No value: it opened no tenant's keys.",
  exposedIn: (tenant: string, version: number, state: string) => `${tenant} · version ${version} · ${state}`,
  exposedWebhooks: "So it could the secrets that sign these tenants' webhooks. Rotate those, too.",

  job: {
    rotate: "Rotation",
    verify: "Verification",
    retire: "Retirement",
    rotate_tenant: "Rotation of tenant keys",
    re_encrypt: "Re-encryption",
    remove_opener: "Removal of an opener",
  },
  jobTitle: {
    rotate: "Rotating",
    verify: "Verifying",
    retire: "Retiring",
    rotate_tenant: "Rotating tenant keys",
    re_encrypt: "Re-encrypting",
    remove_opener: "Removing an opener",
  },
  progress: (done: number, total: number) => `${number(done)} of ${number(total)} keys`,
  rate: (perSecond: number) => `${number(Math.round(perSecond))} per second`,
  left: (seconds: number) =>
    seconds < 60 ? `${seconds} s left` : `about ${Math.ceil(seconds / 60)} min left`,
  elsewhere: "Goes on by itself, or from another screen.",
  leave: "You may leave this page: the server's background jobs finish it.",
  leaveRetire: "It goes on while this page is open.",
  goOn: "Go on",
  again: "Try again",
  stopped: (problem: string, ofRoots: boolean) =>
    `Stopped: ${(ofRoots ? undefined : OF_TENANTS[problem]) ?? PROBLEMS[problem] ?? problem}`,
  failedTenants: "Keys of these tenants failed; the log has more:",
  said: {
    started: (name: string) => `${name} started.`,
    part: (name: string, percent: number) => `${name}: ${percent} percent.`,
    done: (name: string) => `${name} is done.`,
    stopped: (name: string) => `${name} has stopped.`,
  },

  processes: "Servers that run",
  processesLead:
    "Each reports itself every 25 seconds. A root key is retired when none of them wraps under it.",
  processesLabel: "Servers",
  noProcesses: "No server reports itself.",
  release: (version: string) => `release ${version}`,
  wrapsUnder: "Wraps under",
  opensWith: "Opens with",
  runsJobs: "Runs jobs",
  seen: "seen",
};

const PROBLEMS: Record<string, string> = {
  key_unavailable: "the key service cannot be reached.",
  decryption_failed: "a key does not open.",
  integrity_failed: "a key's row was changed or damaged.",
  illegal_state: "a key is not wrapped under this root key.",
  database_unavailable: "the database cannot be reached.",
};

/** What the same codes mean of a job over tenants' own keys. */
const OF_TENANTS: Record<string, string> = {
  illegal_state: "another job is at work on the same keys, or a key does not take it now.",
};

const number = (n: number) => inNumbers(n);
