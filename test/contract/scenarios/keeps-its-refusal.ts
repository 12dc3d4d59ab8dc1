import { expect } from "vitest";
import type { ClientUnderTest } from "../../clients/client-under-test.ts";
import { startSession } from "../../end-to-end/session.ts";

/** A client that cannot replay: the caller gets the 401, its body whole, and the next request has a fresh token. */
export async function keepsItsRefusal({ connect }: ClientUnderTest): Promise<void> {
  await using session = await startSession();
  const { tokens, api, server, refreshes } = session;
  const send = connect(tokens, api.origin);
  server.revokeAccessToken((await tokens.get()).accessToken);

  expect((await send({})).status).toBe(401);
  expect((await send({})).status).toBe(200);
  expect(api.requests).toHaveLength(2);
  expect(refreshes()).toBe(1);
}
