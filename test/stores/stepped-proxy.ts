import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Passes bytes on, both ways and in their order. */
export interface SteppedProxy extends Disposable {
  readonly port: number;
  /** Whether the step has come; resolves once it is over. */
  isReached(): Promise<boolean>;
}

/** Which connections are lost, counted from 0 in the order in which they were made, and how many of those that are tried next. */
export interface Loss {
  readonly connections: readonly number[];
  readonly attempts?: number;
}

/** `act` acts before the step of that number, counted from 1: each is what comes at once, on whichever connection and in either direction. */
export async function steppedProxy(
  target: number,
  number: number,
  act: (lose: (loss: Loss) => void) => Promise<unknown>,
): Promise<SteppedProxy> {
  let left = number;
  let refused = 0;
  const over = Promise.withResolvers<unknown>();
  const connections: (readonly Socket[])[] = [];
  const lose = ({ connections: which, attempts = 0 }: Loss): void => {
    refused = attempts;
    for (const socket of which.flatMap((index) => connections[index] ?? [])) socket.destroy();
  };
  const pass = (from: Socket, to: Socket): void => {
    let before = Promise.resolve();
    from.on("data", (bytes) => {
      left -= 1;
      const isNow = left === 0;
      before = before.then(async () => {
        if (isNow) await act(lose).then(over.resolve, over.reject);
        to.write(bytes);
      });
    });
    from.on("error", () => {});
    from.on("close", () => void before.then(() => to.destroy()));
  };
  const server = createServer((client) => {
    if (refused > 0) {
      refused -= 1;
      client.on("error", () => {}).destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    connections.push([client, upstream]);
    pass(client, upstream);
    pass(upstream, client);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async isReached() {
      if (left > 0) return false;
      await over.promise;
      return true;
    },
    [Symbol.dispose]() {
      server.close();
      for (const socket of connections.flat()) socket.destroy();
    },
  };
}
