import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy in front of a real target, which can be made to fail, and sees what crosses the wire. */
export class FaultyProxy {
  readonly #to: { host: string; port: number };
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #down = false;
  #losing: string | null = null;
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
    this.#losing = text;
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
    let lost = false;
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      this.#open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.#open.delete(socket);
        end();
      });
    }
    client.on("data", (bytes) => {
      this.#sent.push(bytes);
      if (this.#losing !== null && bytes.includes(this.#losing)) {
        this.#losing = null;
        lost = true;
      }
      target.write(bytes);
    });
    target.on("data", (bytes) => {
      // An answer came, so the target has done it.
      if (lost) end();
      else client.write(bytes);
    });
  }
}
