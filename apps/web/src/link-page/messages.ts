/** The sentences of the page that a link opens. */
export const k = {
  title: (label: string) => `${label} · Keyfold`,
  looking: "Looking at your link…",
  by: "Kept by Keyfold",

  ended: "This link is of no use any more",
  endedText: "It was used already, taken back, or its time is over. Ask whoever sent it for a new one.",
  incomplete: "Open the link as it was sent to you",
  incompleteText:
    "Its last part is missing here. It is taken out of the address once the page is open, so that nobody finds it there.",

  asks: (tenant: string) => `You are asked for this value, for ${tenant}.`,
  value: "Value",
  placeholder: "Paste it here",
  whitespace: "It begins or ends with white space. Is that part of it?",
  writeOnly:
    "It is encrypted at once. Software uses it; no person reads it back, and neither does this page.",
  readable: "It is encrypted at once. People who work with it may read it.",
  until: (when: string) => `The link works once, until ${when}.`,
  submit: "Hand it in",
  busy: "Handing it in…",
  empty: "Paste the value first.",
  received: "Received",
  receivedText: (label: string) => `${label} is stored. You can close this page.`,
  reference: "Reference",
  time: "Received at",

  shares: (tenant: string) => `Shared with you from ${tenant}.`,
  once: "It is shown once: this link ends when you click. Be where nobody looks over your shoulder.",
  show: "Show it now",
  showing: "Opening…",
  shown: "This was the only time it is shown. Copy what you need before you leave.",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "Your browser did not let it be copied. Select it and copy it by hand.",
  hide: "Hide it for good",
  hidden: "Hidden, and gone from here",
  hiddenText: "The link has ended. If you need the value again, ask whoever sent it.",
} as const;
