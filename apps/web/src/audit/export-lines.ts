import { client } from "../data/trpc.ts";

/** What a browser is asked to hold at most, in characters; beyond that the command line does it. */
export const MOST_CHARACTERS = 64 * 1024 * 1024;

export class TooLarge extends Error {}

/** A tenant's whole audit log as an export's lines. @throws TooLarge; the call's error */
export async function exportLines(tenant: string, onLines: (count: number) => void): Promise<string[]> {
  const lines: string[] = [];
  let size = 0;
  let cursor: string | undefined;
  do {
    const page = await client.audit.export.query({ tenant, ...(cursor === undefined ? {} : { cursor }) });
    for (const line of page.lines) size += line.length;
    if (size > MOST_CHARACTERS) throw new TooLarge();
    lines.push(...page.lines);
    onLines(lines.length);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return lines;
}

/** Gives a file to the browser to keep. */
export function saveFile(name: string, lines: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([lines.join("\n"), "\n"], { type: "application/jsonl" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
