import type { IncomingMessage, ServerResponse } from "node:http";
import { createTokenCache } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { waysOfUse } from "../clients/clients.ts";
import { startLoopback } from "../servers/loopback.ts";

type Refuse = (response: ServerResponse, request: IncomingMessage) => unknown;

/** 401 as servers and hostile APIs say it; another token helps against each. */
const refusals: [string, Refuse][] = [
  ["no body and no header", (response) => response.writeHead(401).end()],
  ["a length of zero", (response) => response.writeHead(401, { "content-length": 0 }).end()],
  ["10 MB in chunks", (response) => response.writeHead(401).end(Buffer.alloc(10_000_000, "no "))],
  ["HTTP/1.0, ended by the end of the connection", (_response, { socket }) => socket.end("HTTP/1.0 401 no\r\n\r\nno")],
  [
    "an early hint before it",
    (response) => response.writeEarlyHints({ link: "</a>; rel=preload" }, () => response.writeHead(401).end("no")),
  ],
  [
    "two lines of challenges, the second about the token",
    (response) => response.writeHead(401, { "www-authenticate": ['Basic realm="x"', 'Bearer error="invalid_token"'] }).end("no"),
  ],
  [
    "a challenge of 8,000 commas",
    (response) => response.writeHead(401, { "www-authenticate": `Bearer ${",".repeat(8000)}`, connection: "close" }).end("no"),
  ],
  [
    "a challenge with bytes that are no text",
    (_response, { socket }) =>
      socket.end(Buffer.from('HTTP/1.1 401 no\r\nconnection: close\r\nwww-authenticate: Bearer \xff="\xfe\r\n\r\nno', "latin1")),
  ],
];

describe.each(waysOfUse)("$name", ({ name, connect }) => {
  it.each(refusals)("a refusal with %s is one refresh and one replay, and nothing of it is left over", async (_name, refuse) => {
    const bodies: string[] = [];
    await using api = await startLoopback(() => async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      bodies.push(body);
      if (request.headers.authorization === "Bearer 1") refuse(response, request);
      else response.end("taken");
    });
    let obtained = 0;
    const tokens = createTokenCache({ source: async () => ({ access_token: String((obtained += 1)) }) });
    const send = connect(tokens, api.origin);

    const outcome = await send({ method: "POST", body: "order" });

    if (name.startsWith("got.stream")) {
      // Its reader has the response before any hook could replay it.
      expect(outcome.status).toBe(401);
      expect(await send({ method: "POST", body: "order" })).toEqual({ status: 200, body: "taken" });
    } else expect(outcome).toEqual({ status: 200, body: "taken" });
    expect(bodies).toEqual(["order", "order"]);
    expect(obtained).toBe(2);
  });
});
