/** Why nothing was copied: the browser has no clipboard for this page, or did not let it write. */
export class ClipboardError extends Error {
  readonly why: "missing" | "refused";

  constructor(why: "missing" | "refused") {
    super(`clipboard ${why}`);
    this.why = why;
  }
}

/** Milliseconds after which a copied value is taken off the clipboard again, where the browser lets us look. */
export const CLEAR_AFTER = 60_000;

/**
 * Puts a value on the clipboard without it entering the page. The write starts before the value is there: browsers
 * ask for a click that is still fresh.
 * @param read fetches the value
 * @param whenCleared told when it was taken off again
 * @returns whether it will be taken off the clipboard: only where the browser lets us check that it is still ours
 * @throws ClipboardError; what `read` throws
 */
export async function copySecret(
  read: () => Promise<string>,
  whenCleared: () => void,
): Promise<"clears" | "stays"> {
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (clipboard === undefined) throw new ClipboardError("missing");
  let failed: { error: unknown } | null = null;
  const fingerprint = Promise.withResolvers<string | null>();
  const text = read().then(
    async (value) => {
      fingerprint.resolve(await digest(value));
      return value;
    },
    (error) => {
      failed = { error };
      throw error;
    },
  );
  try {
    if (typeof ClipboardItem === "undefined") await clipboard.writeText(await text);
    else
      await clipboard.write([
        new ClipboardItem({ "text/plain": text.then((value) => new Blob([value], { type: "text/plain" })) }),
      ]);
  } catch {
    await text.catch(() => undefined);
    const refusal = failed as { error: unknown } | null;
    throw refusal === null ? new ClipboardError("refused") : refusal.error;
  }
  const ours = await fingerprint.promise;
  if (ours === null || !(await mayRead())) return "stays";
  setTimeout(() => void clearIfStill(ours, whenCleared), CLEAR_AFTER);
  return "clears";
}

// Only if reading was granted before: a permission prompt a minute after a copy would only startle.
async function mayRead(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "clipboard-read" as PermissionName });
    return state === "granted";
  } catch {
    return false;
  }
}

async function clearIfStill(ours: string, whenCleared: () => void): Promise<void> {
  // A page without focus may neither read nor write: wait until it has it again.
  if (!document.hasFocus()) {
    addEventListener("focus", () => void clearIfStill(ours, whenCleared), { once: true });
    return;
  }
  try {
    if ((await digest(await navigator.clipboard.readText())) !== ours) return;
    await navigator.clipboard.writeText("");
    whenCleared();
  } catch {
    // The permission was taken back meanwhile. It stays, then.
  }
}

/** SHA-256 of a text, in hex: lets us know our value again without keeping it. Null where the browser has none. */
async function digest(text: string): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
