/** The application of the guide to Next.js, as its users see it. */
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { startAuthorizationServer } from "../../servers/authorization-server.ts";
import { startResourceApi } from "../../servers/resource-api.ts";
import { heldAnswer } from "../../servers/token-endpoint-faults.ts";
import { Visitor } from "../../servers/visitor.ts";
import { freePort } from "../../setup/free-port.ts";
import { startNext } from "./next.ts";

/** `app` is where it was built. */
export async function tryNextGuide(app: string): Promise<void> {
  const redirectUri = "http://127.0.0.1/callback";
  const client = { clientId: "next", clientSecret: "s-e_c.r~e+t", redirectUri, metadata: { application_type: "native" } } as const;
  await using server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [client] });
  await using api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  const tokenInUse = (): string => (api.requests.at(-1)?.authorization ?? "").replace("Bearer ", "");
  const port = String(await freePort());
  const env = {
    ISSUER: server.issuer,
    API_ORIGIN: api.origin,
    CLIENT_ID: client.clientId,
    CLIENT_SECRET: client.clientSecret,
    ORIGIN: `http://127.0.0.1:${port}`,
    SESSION_SECRET: "a secret of the test's, of at least 32 letters",
    TOKENS: join(mkdtempSync(join(tmpdir(), "tokenflight-next-")), "tokens.db"),
  };
  await using next = await startNext(app, env, port);
  const visitor = new Visitor(next.origin);

  // For the user, in Node.
  expect(await visitor.next("/orders")).toBe("/login");
  expect((await visitor.send("/callback?code=planted&state=planted")).status).toBe(400);
  const callback = await server.visit(await visitor.next("/login"));
  expect((await new Visitor(next.origin).send(callback)).status).toBe(400);
  expect(await visitor.next(callback)).toBe("/orders");
  expect((await visitor.send(callback)).status).toBe(400);
  const answered = "<p>The API answered 200.</p>";
  expect(await visitor.text("/orders")).toContain(answered);
  expect(server.revokeAccessToken(tokenInUse())).toBe(true);
  for (const page of await Promise.all([1, 2, 3].map(() => visitor.text("/orders")))) expect(page).toContain(answered);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });

  // For the service, in the edge runtime.
  const prices = await Promise.all([1, 2, 3].map(() => visitor.text("/prices")));
  expect(prices).toEqual(Array.from({ length: 3 }, () => '{"status":200}'));
  expect(server.stats.tokenRequests).toMatchObject({ client_credentials: 1 });
  await visitor.text("/orders");

  // It ends while it refreshes for a caller who has left.
  expect(server.revokeAccessToken(tokenInUse())).toBe(true);
  const { fault, arrived, leave } = heldAnswer();
  server.faults.next(fault);
  const caller = new AbortController();
  const left = fetch(`${next.origin}/orders`, { headers: visitor.headers, signal: caller.signal });
  await arrived;
  caller.abort();
  await expect(left).rejects.toThrow("aborted");
  const ended = once(next.process, "exit");
  next.process.kill("SIGTERM");
  await sleep(300);
  leave();
  await ended;

  // The cookie and the tokens are still there.
  await using again = await startNext(app, env, port);
  expect(again.origin).toBe(next.origin);
  expect(await visitor.text("/orders")).toContain(answered);
  expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { authorization_code: 1, refresh_token: 2 } });

  const token = tokenInUse();
  expect((await visitor.send("/logout")).status).toBe(405);
  expect(await visitor.text("/logout", "POST")).toBe("Logged out.\n");
  expect(server.isActive(token)).toBe(false);
  expect(await visitor.next("/orders")).toBe("/login");
  expect([next.complaints(), again.complaints()]).toEqual(["", ""]);

  // A login serves once, also one that the user has refused.
  const page = new URL(await visitor.next("/login"));
  const state = page.searchParams.get("state") ?? "";
  const agreed = await server.visit(page.href);
  const refused = `/callback?${new URLSearchParams({ error: "access_denied", state, iss: server.issuer })}`;
  expect((await visitor.send(refused)).status).toBe(400);
  expect((await visitor.send(agreed)).status).toBe(400);
  // A logout is one also while the server is away.
  expect(await visitor.logIn(server)).toBe("/orders");
  await server.close();
  expect(await visitor.text("/logout", "POST")).toBe("Logged out.\n");
  expect(await visitor.next("/orders")).toBe("/login");
  expect(again.complaints()).toContain("ERR_TOKEN_REQUEST_NOT_SENT");
}
