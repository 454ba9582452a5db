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
  byCommand: "It was begun by a command; run the same one again to go on with it.",
  elsewhere: "Goes on by itself, or from another screen.",
  leave: "You may leave this page: the server's background jobs finish it.",
  leaveRetire: "It goes on while this page is open.",
  goOn: "Go on",
  again: "Try again",
  stopped: (problem: string) => `Stopped: ${PROBLEMS[problem] ?? problem}`,
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

const number = (n: number) => inNumbers(n);
