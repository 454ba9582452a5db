/** What secrets look like. A backstop: nothing writes one on purpose. */
const PATTERNS: readonly RegExp[] = [
  /kf_[A-Za-z0-9_-]{8,}/g, // ours
  /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9_]{4,}/g, // Stripe
  /\bwhsec_[A-Za-z0-9+/=_-]{8,}/g, // webhook signing secrets
  /\bSG\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, // SendGrid
  /\b(?:ghp|gho|ghu|ghs|ghr|github_pat)_[A-Za-z0-9_]{16,}/g, // GitHub
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, // AWS
  /\bAIza[A-Za-z0-9_-]{30,}/g, // Google
  /\bsk-[A-Za-z0-9_-]{16,}/g, // OpenAI and others
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g, // JSON web tokens
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9+/=_.~-]{6,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="|$))/g,
  /(?<=[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s/@"]+(?=@)/gi, // a password in a URL
];

/** Keys in base64 or hex: 40 characters and more that mix what words do not mix. */
const LONG = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const HEX = /\b[0-9a-fA-F]{48,}\b/g;

/** What each of the patterns begins with or holds. Nearly all lines have none of it, and asking so is six times as quick. */
const HINTS =
  /kf_|[prs]k[_-]|whsec_|SG\.|gh[oprsu]_|github_pat_|xox|A[KS]IA|AIza|eyJ|basic\s|bearer\s|PRIVATE KEY|:\/\//i;
const LONG_RUN = /(?:^|[^A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40}/;

/** Replaces everything in a line of a log that looks like a secret by `[redacted]`. */
export function scrub(line: string): string {
  if (!HINTS.test(line) && !LONG_RUN.test(line)) return line;
  let clean = line;
  for (const pattern of PATTERNS) clean = clean.replace(pattern, "[redacted]");
  return clean
    .replace(HEX, "[redacted]")
    .replace(LONG, (run) =>
      /[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run) ? "[redacted]" : run,
    );
}
