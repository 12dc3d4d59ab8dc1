import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between a client and a server of 127.0.0.1 and lets everything through, until it is told otherwise. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts every connection as soon as the server answers the next time: the command was carried out, its reply is lost. */
  loseNextReply(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let losing = false;
  const cut = (): void => {
    losing = false;
    for (const socket of sockets) socket.destroy();
  };
  const proxy = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => {
      if (losing) cut();
      else client.write(data);
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
    async [Symbol.asyncDispose]() {
      proxy.close();
      cut();
      await once(proxy, "close");
    },
  };
}
