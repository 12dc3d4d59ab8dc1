import { AsyncLocalStorage } from "node:async_hooks";
import { bearer } from "@tokenflight/fetch";
import { expect, it } from "vitest";
import { actAtRandom } from "./many-users.ts";

it("200 users in random orders: nobody gets another's token or answer", { timeout: 120_000 }, async () => {
  const current = new AsyncLocalStorage<string>();

  const requests = await actAtRandom(({ origin, tokensOf }) => {
    const send = bearer(() => tokensOf(current.getStore() ?? "nobody"), { origins: origin })(globalThis.fetch);
    return (user, { path, method, body }) =>
      current.run(user, async () => {
        for (;;) {
          const response = await send(origin + path, { method, body: body ?? null });
          if (response.status !== 503) return response.text();
          await response.body?.cancel();
        }
      });
  });

  expect(requests).toBeGreaterThan(400);
});
