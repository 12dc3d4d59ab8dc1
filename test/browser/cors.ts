import { request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

/** Lets pages of every origin ask, and read all of the answer. Answers a preflight; false for what it did not. */
export function allowPages({ method, headers }: IncomingMessage, answer: ServerResponse): boolean {
  const allowed = {
    "access-control-allow-origin": headers.origin ?? "*",
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
    "access-control-expose-headers": "WWW-Authenticate, Retry-After, Location",
    "access-control-max-age": "600",
    vary: "Origin",
  };
  for (const [name, value] of Object.entries(allowed)) answer.setHeader(name, value);
  if (method === "OPTIONS") answer.writeHead(204).end();
  return method === "OPTIONS";
}

/** The same server at another origin, where pages may ask it. */
export async function withCors(server: Loopback): Promise<Loopback> {
  return startLoopback(() => (asked, answer) => {
    if (allowPages(asked, answer)) return;
    const { origin: _, ...headers } = asked.headers;
    const passed = send(new URL(asked.url ?? "/", server.origin), { method: asked.method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
}
