import type { PKCS11 } from "pkcs11js";
import { ServiceFailure } from "./service-failure.ts";

/*
 * PKCS #11 (OASIS, version 2.40, https://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40/): finding one AES key on one
 * token, and sessions to use it by. The library's calls are the C functions; those that may take long are asked for
 * in their asynchronous form.
 */

type Pkcs11 = typeof import("pkcs11js");

export interface TokenKey {
  modulePath: string;
  /** The token's label. */
  token: string;
  /** The key's CKA_LABEL. One of `object` and `id`, or both. */
  object?: string;
  /** The key's CKA_ID. */
  id?: Uint8Array;
  pin: string;
}

/** One key on a token, and a bounded number of sessions. */
export interface OpenToken {
  /** Runs `work` with a session of its own; waits for one to be free. */
  withSession<T>(
    work: (module: PKCS11, session: Buffer, key: Buffer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  close(): void;
}

const LABEL_BYTES = 32;
const KEY_BYTES = 32;

/**
 * Opens the token, logs in and finds the key. Blocks for as long as the module takes.
 * @throws ServiceFailure `key_unusable` where there is not exactly one such key, or it is not a 256-bit AES key that
 * never leaves; `unavailable` without the token; the module's own errors
 */
export function openToken(pkcs11: Pkcs11, wanted: TokenKey, sessions: number): OpenToken {
  const module = new pkcs11.PKCS11();
  module.load(wanted.modulePath);
  try {
    initialize(module, pkcs11);
    const slot = slotOf(module, wanted.token);
    const open = () => module.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION);
    // Kept until the end and used for nothing else: with its last session a token forgets who logged in.
    const loggedIn = open();
    logIn(module, pkcs11, loggedIn, wanted.pin);
    const key = keyOf(module, pkcs11, loggedIn, wanted);
    const pool = new SessionPool(open, (session) => module.C_CloseSession(session), sessions);
    return {
      async withSession(work, signal) {
        const session = await pool.take(signal);
        let good = false;
        try {
          const result = await work(module, session, key);
          good = true;
          return result;
        } finally {
          // After an error a session may hold a half-finished operation.
          pool.giveBack(session, good);
        }
      },
      close() {
        pool.close(loggedIn);
        module.close();
      },
    };
  } catch (error) {
    module.close();
    throw error;
  }
}

function initialize(module: PKCS11, pkcs11: Pkcs11): void {
  try {
    module.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
  } catch (error) {
    // Another user of the same module in this process.
    if (codeOf(error) !== pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) throw error;
  }
}

function slotOf(module: PKCS11, label: string): Buffer {
  const slots = module
    .C_GetSlotList(true)
    .filter((slot) => module.C_GetTokenInfo(slot).label.slice(0, LABEL_BYTES).trimEnd() === label);
  if (slots.length !== 1) throw new ServiceFailure(slots.length === 0 ? "unavailable" : "key_unusable");
  return slots[0]!;
}

function logIn(module: PKCS11, pkcs11: Pkcs11, session: Buffer, pin: string): void {
  try {
    module.C_Login(session, pkcs11.CKU_USER, pin);
  } catch (error) {
    if (codeOf(error) !== pkcs11.CKR_USER_ALREADY_LOGGED_IN) throw error;
  }
}

function keyOf(module: PKCS11, pkcs11: Pkcs11, session: Buffer, wanted: TokenKey): Buffer {
  const template = [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_AES },
    ...(wanted.object === undefined ? [] : [{ type: pkcs11.CKA_LABEL, value: wanted.object }]),
    ...(wanted.id === undefined ? [] : [{ type: pkcs11.CKA_ID, value: Buffer.from(wanted.id) }]),
  ];
  module.C_FindObjectsInit(session, template);
  const found = module.C_FindObjects(session, 2);
  module.C_FindObjectsFinal(session);
  const key = found[0];
  if (key === undefined || found.length > 1) throw new ServiceFailure("key_unusable");
  const [extractable, sensitive, length] = module.C_GetAttributeValue(session, key, [
    { type: pkcs11.CKA_EXTRACTABLE },
    { type: pkcs11.CKA_SENSITIVE },
    { type: pkcs11.CKA_VALUE_LEN },
  ]);
  // A key that can be taken out of the token is a file with more steps.
  if (isSet(extractable?.value) || !isSet(sensitive?.value) || numberOf(length?.value) !== KEY_BYTES)
    throw new ServiceFailure("key_unusable");
  return key;
}

function isSet(value: unknown): boolean {
  return Buffer.isBuffer(value) ? value[0] !== 0 : Boolean(value);
}

// CK_ULONG, in the machine's order and width.
function numberOf(value: unknown): number {
  if (!Buffer.isBuffer(value)) return Number(value);
  return value.length === 8 ? Number(value.readBigUInt64LE()) : value.readUInt32LE();
}

/** The CKR_… of an error of pkcs11js. */
export function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}

interface Waiting {
  take(session: Buffer): void;
  fail(error: unknown): void;
}

/** Sessions of our own: others in this process may use the same token, and closing all would end theirs. */
class SessionPool {
  readonly #open: () => Buffer;
  readonly #close: (session: Buffer) => void;
  readonly #most: number;
  readonly #all = new Set<Buffer>();
  readonly #free: Buffer[] = [];
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(open: () => Buffer, close: (session: Buffer) => void, most: number) {
    this.#open = open;
    this.#close = close;
    this.#most = most;
  }

  async take(signal: AbortSignal): Promise<Buffer> {
    if (this.#closed) throw new ServiceFailure("unavailable");
    const free = this.#free.pop();
    if (free) return free;
    if (this.#all.size < this.#most) return this.#another();
    const session = await new Promise<Buffer>((take, fail) => this.#waiting.push({ take, fail }));
    if (!signal.aborted) return session;
    this.giveBack(session, true);
    throw new ServiceFailure("timeout");
  }

  /** @param good whether it can be used again; else it is closed, and who waits gets another one */
  giveBack(session: Buffer, good: boolean): void {
    if (this.#closed) return;
    if (!good) this.#end(session);
    const next = this.#waiting.shift();
    if (!next) {
      if (good) this.#free.push(session);
      return;
    }
    try {
      next.take(good ? session : this.#another());
    } catch (error) {
      next.fail(error);
    }
  }

  /** Ends every session, those in use, too, and the given one last. */
  close(last: Buffer): void {
    this.#closed = true;
    for (const session of [...this.#all, last]) this.#end(session);
    for (const waiting of this.#waiting.splice(0)) waiting.fail(new ServiceFailure("unavailable"));
  }

  #another(): Buffer {
    const session = this.#open();
    this.#all.add(session);
    return session;
  }

  #end(session: Buffer): void {
    this.#all.delete(session);
    try {
      this.#close(session);
    } catch {
      // It is gone already.
    }
  }
}
