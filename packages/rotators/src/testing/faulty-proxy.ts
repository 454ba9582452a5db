import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * What becomes of a message whose client loses its connection: the target has done it, and its answer is lost; it is on its way
 * to the target, which never hears that the client is gone; it is held back, and gets there only when it is let through; it
 * never gets there.
 */
export type Lost = "answered" | "under way" | "late" | "never sent";

interface Losing {
  texts: readonly string[];
  how: Lost;
  then: () => void;
}

/** A TCP proxy in front of a real target, which can be made to fail, and sees what crosses the wire. */
export class FaultyProxy {
  readonly #to: { host: string; port: number };
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #down = false;
  #losing: Losing | null = null;
  #late: (() => Promise<void>) | null = null;
  #sent: Buffer[] = [];

  constructor(to: { host: string; port: number }) {
    this.#to = to;
    this.#server = createServer((client) => this.#carry(client));
  }

  /** @returns the port of 127.0.0.1 that it listens on */
  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts what is open and every connection that comes. */
  takeDown(): void {
    this.#down = true;
    for (const socket of this.#open) socket.destroy();
  }

  /** The next message with this text reaches the target; the answer is lost, and the connection cut. */
  loseAnswerTo(text: string): void {
    this.lose(text, "answered");
  }

  /** Cuts the connection of whoever sends, over one connection, messages with these texts: the last one is lost. */
  lose(texts: string | readonly string[], how: Lost, then = (): void => {}): void {
    this.#losing = { texts: [texts].flat(), how, then };
  }

  /** Whether what was to be lost has come. */
  get lost(): boolean {
    return this.#losing === null;
  }

  /** What was held back reaches the target, which answers it. */
  async letThrough(): Promise<void> {
    await this.#late?.();
    this.#late = null;
  }

  heal(): void {
    this.#down = false;
    this.#losing = null;
  }

  /** All bytes that clients sent, of connections open and closed. */
  get sent(): Buffer {
    return Buffer.concat(this.#sent);
  }

  forgetSent(): void {
    this.#sent = [];
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #carry(client: Socket): void {
    if (this.#down) return void client.destroy();
    const target = connect(this.#to);
    let seen: { of: Losing | null; count: number } = { of: null, count: 0 };
    let lost: Lost | null = null;
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    const closed = (socket: Socket): void => {
      this.#open.delete(socket);
      if (lost !== "under way" && lost !== "late") end();
    };
    for (const socket of [client, target]) {
      this.#open.add(socket);
      socket.on("error", () => closed(socket));
      socket.on("close", () => closed(socket));
    }
    client.on("data", (bytes) => {
      this.#sent.push(bytes);
      if (this.#losing !== null) {
        const losing = this.#losing;
        const { texts, how, then } = losing;
        if (seen.of !== losing) seen = { of: losing, count: 0 };
        while (seen.count < texts.length && bytes.includes(texts[seen.count]!)) seen.count++;
        if (seen.count === texts.length) {
          lost = how;
          this.#losing = null;
          then();
        }
      }
      if (lost === "late")
        this.#late = async () => {
          target.write(bytes);
          await once(target, "data");
          end();
        };
      else if (lost !== "never sent") target.write(bytes);
      if (lost !== null && lost !== "answered") client.destroy();
    });
    target.on("data", (bytes) => {
      // An answer came, so the target has done it.
      if (lost === null) client.write(bytes);
      else if (lost !== "late") end();
    });
  }
}
