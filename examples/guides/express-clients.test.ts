import { createTokenPool, LoginRequiredError, type TokenPool } from "@tokenflight/core";
import { expect, it } from "vitest";
import { startLoopback } from "../../test/servers/loopback.ts";
import { apiFor as axiosFor } from "./express-axios.ts";
import { apiFor as gotFor } from "./express-got.ts";

type Ask = (users: TokenPool, origin: string) => (user: string, path: string) => Promise<{ status: number }>;

/** The modules express-got.ts and express-axios.ts of docs/guides/express.md, called as the page says. */
const clients: [name: string, ask: Ask][] = [
  [
    "got",
    (users, origin) => async (user, path) => {
      const { statusCode } = await gotFor(users, origin)(path, { context: { user }, retry: { limit: 0 } });
      return { status: statusCode };
    },
  ],
  ["axios", (users, origin) => (user, path) => axiosFor(users, origin).get(`/${path}`, { user })],
];

it.each(clients)("Express with %s: each request is its user's, and a login that is over is one error", async (_name, connect) => {
  const seen: string[] = [];
  await using api = await startLoopback(() => ({ headers: { authorization = "none" }, url }, response) => {
    seen.push(`${url} ${authorization}`);
    response.writeHead(url === "/broken" ? 500 : authorization.includes("refused") ? 401 : 200).end();
  });
  const issued = new Map<string, number>();
  await using users = createTokenPool({
    source: (user) => async () => {
      if (user === "gone") throw new LoginRequiredError("The refresh token is dead.");
      const number = (issued.get(user) ?? 0) + 1;
      issued.set(user, number);
      return { access_token: `${user}-${number}`, expires_in: 600 };
    },
  });
  const ask = connect(users, api.origin);

  expect((await Promise.all(["ada", "ben"].map((user) => ask(user, "orders")))).map(({ status }) => status)).toEqual([200, 200]);
  expect(seen.toSorted()).toEqual(["/orders Bearer ada-1", "/orders Bearer ben-1"]);
  await expect(ask("gone", "orders")).rejects.toBeInstanceOf(LoginRequiredError);
  await expect(ask("refused", "orders")).rejects.toBeInstanceOf(LoginRequiredError);
  expect(seen.slice(2)).toEqual(["/orders Bearer refused-1", "/orders Bearer refused-2"]);
  await expect(ask("ada", "broken")).rejects.toMatchObject({ response: expect.anything() });
});
