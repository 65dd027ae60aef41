import { connect, createServer, type Server, type Socket } from "node:net";
import { given } from "./given";

/** A line to the api that can be cut, as a cable is pulled out. */
export class Line {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connects it, at first or again. */
  async join(): Promise<this> {
    const api = new URL(given("URL"));
    const server = createServer((from) => {
      const to = connect(Number(api.port), api.hostname);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          other.destroy();
          this.sockets.delete(one);
        });
        one.pipe(other);
      }
    });
    this.server = server;
    await new Promise<void>((joined, failed) => {
      server.once("error", failed);
      server.listen(this.port, "127.0.0.1", joined);
    });
    const address = server.address();
    if (address && typeof address === "object") this.port = address.port;
    return this;
  }

  async cut(): Promise<void> {
    const closed = new Promise((f) => this.server?.close(f));
    for (const s of this.sockets) s.destroy();
    await closed;
  }
}
