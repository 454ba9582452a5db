/** More than an export's first lines ever take, in bytes. */
const HEAD = 256 * 1024;

/** The line of an export that holds its checkpoint; null for a file that has none, or is none. */
export async function checkpointIn(file: Blob): Promise<string | null> {
  const [, line = ""] = (await file.slice(0, HEAD).text()).split("\n");
  return line.startsWith('{"checkpoint":') ? line : null;
}
