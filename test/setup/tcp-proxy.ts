import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between clients and a server of 127.0.0.1 and lets everything through, until it is told otherwise. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts every connection as soon as the server answers the next time: the command was carried out, its reply is lost. */
  loseNextReply(): void;
  /** What the server says next comes to nobody, and the connection stays. */
  dropNextReply(): void;
  /** A black hole: connections stay open and are still made, and nothing comes out of them. `restore` lets out what was sent meanwhile. */
  swallow(): void;
  /** Everything comes that many milliseconds late, in both directions. */
  delay(milliseconds: number): void;
  /** Resets every connection, and each new one as soon as it is made. */
  reset(): void;
  /** Lets everything through again, in the order in which it was sent. */
  restore(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

type State = "open" | "swallowing" | "resetting";

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let state: State = "open";
  let losing = false;
  let dropping = false;
  let late = 0;
  const cut = (): void => {
    losing = false;
    for (const socket of sockets) socket.destroy();
  };
  const become = (next: State, delay = 0): void => {
    state = next;
    late = delay;
    for (const pass of held.splice(0)) pass();
  };
  /** Passes data on when its time has come; what is under way already stays in front. */
  const forward = (data: Buffer, to: Socket): void => {
    const pass = (): void => void to.write(data);
    if (state === "swallowing") held.push(pass);
    else if (late === 0 && held.length === 0) pass();
    else {
      held.push(pass);
      setTimeout(() => {
        const index = held.indexOf(pass);
        if (index >= 0) for (const earlier of held.splice(0, index + 1)) earlier();
      }, late).unref();
    }
  };

  const proxy = createServer((client) => {
    if (state === "resetting") {
      client.resetAndDestroy();
      return;
    }
    const server = connect(target, "127.0.0.1");
    client.on("data", (data) => forward(data, server));
    server.on("data", (data) => {
      if (losing) cut();
      else if (dropping) dropping = false;
      else forward(data, client);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      // Either side may go at any time; the other one goes with it.
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    loseNextReply: () => void (losing = true),
    dropNextReply: () => void (dropping = true),
    swallow: () => become("swallowing"),
    delay: (milliseconds) => become("open", milliseconds),
    reset() {
      become("resetting");
      for (const socket of sockets) socket.resetAndDestroy();
    },
    restore: () => become("open"),
    async [Symbol.asyncDispose]() {
      proxy.close();
      cut();
      await once(proxy, "close");
    },
  };
}
