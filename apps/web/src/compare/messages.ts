/** The sentences of comparing two versions. */
export const cv = {
  open: "Compare versions",
  title: (name: string) => `What changed in ${name}`,
  lead: "Your browser reads both values and compares them; neither is shown. Each read stands in the audit log.",
  older: "From",
  newer: "To",
  submit: "Compare",
  busy: "Reading both…",
  hide: "Hide",
  result: (a: number, b: number) => `From v${a} to v${b}`,
  same: "Both have the same value.",
  differ:
    "The values differ. They have no named parts to compare, so nothing more can be told without showing them.",
  rewritten:
    "Every part is the same; only how they are written differs: order, white space, quotes or comments.",
  list: "Parts that changed",
  signs: { added: "added", removed: "removed", changed: "changed" },
  sums: (added: number, removed: number, changed: number, unchanged: number) =>
    [
      ...(added === 0 ? [] : [`${added} added`]),
      ...(removed === 0 ? [] : [`${removed} removed`]),
      ...(changed === 0 ? [] : [`${changed} changed`]),
      `${unchanged} the same`,
    ].join(", "),
} as const;
