import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { createTokenCache } from "@tokenflight/core";
import { createOrders } from "./orders.ts";

test("asks for the next token when the first one has expired", async ({ mock }) => {
  mock.timers.enable({ apis: ["Date"], now: Date.now() });
  mock.method(globalThis, "fetch", async () => Response.json(["tea"]));
  let asked = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: `token-${(asked += 1)}`, expires_in: 600 }) });
  const orders = createOrders(tokens, "https://api.example.com");

  deepEqual(await orders.open(), ["tea"]);
  mock.timers.tick(600_000);
  deepEqual(await orders.open(), ["tea"]);
  equal(asked, 2);
});
