/** The sentences of the form for a secret's description and tags. */
export const e = {
  open: "Edit details",
  title: (name: string) => `Details of ${name}`,
  tags: "Tags",
  tagsHint: "One a line: a word, or word=text.",
  save: "Save",
  done: (name: string) => `Details of ${name} saved.`,
  sealed: "Write-only: no person reveals its values; services read them.",
  audit: "What happened to it",
  auditNone: "Nothing yet.",
  auditAll: "All of the audit log",
} as const;
