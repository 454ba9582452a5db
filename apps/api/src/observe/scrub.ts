/** What secrets look like, each after what a line must hold to hold one. A backstop: nothing writes one on purpose. */
const KINDS: readonly (readonly [hint: RegExp, pattern: RegExp])[] = [
  [/kf_/, /kf_[A-Za-z0-9_-]{8,}/g], // ours
  [/[prs]k_/, /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9_]{4,}/g], // Stripe
  [/whsec_/, /\bwhsec_[A-Za-z0-9+/=_-]{8,}/g], // webhook signing secrets
  [/SG\./, /\bSG\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g], // SendGrid
  [/gh[oprsu]_|github_pat_/, /\b(?:ghp|gho|ghu|ghs|ghr|github_pat)_[A-Za-z0-9_]{16,}/g], // GitHub
  [/xox/, /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g], // Slack
  [/A[KS]IA/, /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g], // AWS
  [/AIza/, /\bAIza[A-Za-z0-9_-]{30,}/g], // Google
  [/sk-/, /\bsk-[A-Za-z0-9_-]{16,}/g], // OpenAI and others
  [/eyJ/, /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g], // JSON web tokens
  [/basic\s|bearer\s/, /\b(?:Bearer|Basic)\s+[A-Za-z0-9+/=_.~-]{6,}/gi],
  [/PRIVATE KEY/, /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="|$))/g],
  [/:\/\//, /(?<=[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s/@"]+(?=@)/gi], // a password in a URL
];

/** All hints at once. Nearly all lines have none, and asking so is six times as quick. */
const HINTS = new RegExp(KINDS.map(([hint]) => hint.source).join("|"), "i");

/** Keys in base64 or hex: 40 characters and more that mix what words do not mix. */
const LONG = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const HEX = /\b[0-9a-fA-F]{48,}\b/g;
/** The hint of both. */
const LONG_RUN = /(?:^|[^A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40}/;

/** Replaces everything in a line of a log that looks like a secret by `[redacted]`. */
export function scrub(line: string): string {
  if (!HINTS.test(line) && !LONG_RUN.test(line)) return line;
  let clean = line;
  for (const [, pattern] of KINDS) clean = clean.replace(pattern, "[redacted]");
  return clean
    .replace(HEX, "[redacted]")
    .replace(LONG, (run) =>
      /[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run) ? "[redacted]" : run,
    );
}
