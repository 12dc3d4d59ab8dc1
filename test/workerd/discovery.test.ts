import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startLoopback } from "../servers/loopback.ts";
import { bounds, expectWithin, works } from "./expectations.ts";
import { startIsolate } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();

describe.skipIf(reason !== undefined)("a request that ends while it looks for the token endpoint in the issuer's metadata", () => {
  it("leaves a client that finds it for the next request", async () => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
    let asked = 0;
    await using issuer = await startLoopback((origin) => async (_request, response) => {
      asked += 1;
      if (asked === 1) await sleep(600);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ issuer: origin, token_endpoint: server.tokenEndpoint }));
    });
    await using isolate = await startIsolate({ grant: "client credentials", issuer: issuer.origin, server });
    expect((await isolate.call({ abandon: 150 })).answer).toMatchObject({ error: expect.stringContaining("TimeoutError") });
    expectWithin(await isolate.call(), works, bounds.usesNothingUp + bounds.atOnce);
  });
});
