import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** A forward proxy of this machine: it makes tunnels (RFC 9110 section 9.3.6), and passes plain requests on when it is told to refuse nothing. */
export interface ConnectProxy extends AsyncDisposable {
  /** Such as "http://127.0.0.1:40123". */
  readonly origin: string;
  /** Where tunnels were asked for, as "host:port", in order. */
  readonly asked: string[];
  /** What came in the Proxy-Authorization field. */
  readonly authorizations: (string | undefined)[];
}

type Tunnel = (client: Socket, request: IncomingMessage) => void;

/** Every host is this machine: whatever name is asked for, the tunnel ends here, at the port that was asked for. */
export const tunnel: Tunnel = (client, request) => {
  const server = connect(Number(request.url?.split(":").at(-1)), "127.0.0.1", () => {
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    server.pipe(client).pipe(server);
  });
  server.on("error", () => client.destroy());
  client.on("close", () => server.destroy());
};

/** Answers with this status in place of a tunnel. */
export const refuseWith =
  (status: string): Tunnel =>
  (client) =>
    client.end(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);

export async function startConnectProxy(answer: Tunnel = tunnel): Promise<ConnectProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((_, response) => response.writeHead(407).end());
  proxy.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  proxy.on("connect", (request, client: Socket) => {
    asked.push(request.url ?? "");
    authorizations.push(request.headers["proxy-authorization"]);
    answer(client, request);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    origin: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    authorizations,
    async [Symbol.asyncDispose]() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await once(proxy, "close");
    },
  };
}
