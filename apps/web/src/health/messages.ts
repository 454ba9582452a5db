/** The sentences of the operator's page on the deployment's health. */
export const h = {
  title: "Health",
  lead: "Whether the deployment is well: its servers, background jobs, backups and signed checkpoints.",
  refresh: "Look again",
  well: "All is well",
  unwell: (n: number) => (n === 1 ? "One thing needs you" : `${n} things need you`),
  signs: "Signs",
  database: "Database",
  postgres: (version: string) => `PostgreSQL ${version}`,
  versions: "Version",
  mixed: "Servers run different versions. Finish the upgrade.",
  noServers: "No server reports itself.",
  servers: (n: number) => (n === 1 ? "1 server" : `${n} servers`),
  backup: "Key bundle",
  backups: {
    confirmed: "Every recipient has proved to open it",
    unconfirmed: "Made, and not proved to open by every recipient",
    outdated: "Does not hold the current root key",
    none: "None was ever made: without the root key, nothing opens",
  },
  checkpoint: "Newest checkpoint",
  noCheckpoint: "None was signed yet",
  chains: (n: number) => (n === 1 ? "over 1 chain" : `over ${n} chains`),
  rotation: "Root key's rotation",
  due: "Due",
  overdue: "Overdue",
  jobs: "Background jobs",
  jobsLead: "What the deployment does by itself. A job that nobody runs is in every server's log, too.",
  every: (seconds: number) =>
    seconds >= 3600
      ? `every ${Math.round(seconds / 3600)} h`
      : seconds >= 60
        ? `every ${Math.round(seconds / 60)} min`
        : `every ${seconds} s`,
  jobState: { well: "Well", overdue: "Nobody runs it", failed: "Failed", waiting: "Not run yet" },
  ran: "ran",
  ages: "Ages of root keys in use",
  ageColumns: ["Root key", "Age"] as const,
  days: (n: number) => (n === 0 ? "since today" : n === 1 ? "1 day" : `${n} days`),
  dueAt: "due",
  asTable: "As a table",
} as const;
