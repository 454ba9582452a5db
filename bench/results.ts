/**
 * Results with one section put in place of the one of its title, or else at the end before what ran by itself. The others stay
 * as they are, each with its own date.
 */
export function withSection(results: string, title: string, body: string): string {
  const [head, ...sections] = results.trimEnd().split(/\n(?=## )/);
  const section = `## ${title}\n\n${body.trim()}\n`;
  const titleOf = (one: string) => one.slice(3, one.indexOf("\n"));
  const at = sections.findIndex((one) => titleOf(one) === title);
  const last = sections.findIndex((one) => titleOf(one) === LAST);
  if (at >= 0) sections[at] = section;
  else sections.splice(last >= 0 ? last : sections.length, 0, section);
  return `${[head!, ...sections].map((one) => one.trimEnd()).join("\n\n")}\n`;
}

/** What is written by hand, of runs that take long. */
const LAST = "Long forms";
