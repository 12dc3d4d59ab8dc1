import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { Agent, fetch as undiciFetch } from "undici";
import { expect, it } from "vitest";
import { longRefusal, startWireApi } from "./wire-session.ts";

/** API and token endpoint are one origin, and share few connections. */
async function send(refusal: ReturnType<typeof longRefusal>, connections: number, requests: number, isRenewed = true): Promise<unknown[]> {
  let count = 0;
  await using api = await startWireApi(
    (token) => token !== "1",
    ({ url, isGood }) => {
      if (url === "/token")
        return {
          status: isRenewed || count === 0 ? 200 : 500,
          body: JSON.stringify({ access_token: String((count += 1)), expires_in: 600 }),
        };
      return isGood ? { status: 200, body: "ok" } : refusal;
    },
  );
  const dispatcher = new Agent({ connections });
  const tokens = createTokenCache({
    source: async ({ signal }) => {
      const response = await undiciFetch(`${api.origin}/token`, { dispatcher, signal });
      if (!response.ok) throw new Error("no token");
      return (await response.json()) as { access_token: string };
    },
  });
  await tokens.get();
  const call = bearer(tokens, { origins: api.origin })(undiciFetch);
  const answers = await Promise.all(
    Array.from({ length: requests }, async () => {
      const response = await call(`${api.origin}/orders`, { dispatcher });
      return [response.status, (await response.text()).length];
    }),
  );
  await dispatcher.close();
  return answers;
}

const bodies: [string, ReturnType<typeof longRefusal>][] = [
  ["2 bytes", longRefusal(2)],
  ["2 bytes in chunks", longRefusal(2, true)],
  ["20 kB", longRefusal(20_000)],
  ["120 kB", longRefusal(120_000)],
  ["120 kB in chunks", longRefusal(120_000, true)],
  ["250 kB", longRefusal(250_000)],
];

it.each(bodies.flatMap(([name, refusal]) => [1, 8].map((connections) => ({ name, refusal, connections }))))(
  "a refusal of $name keeps none of $connections connections from the token request",
  { timeout: 8000 },
  async ({ refusal, connections }) => {
    const requests = connections === 1 ? 1 : 20;
    expect(await send(refusal, connections, requests)).toEqual(Array.from({ length: requests }, () => [200, 2]));
  },
);

it.each(bodies)("a refusal of %s is the caller's to read, whole, where no token comes", { timeout: 8000 }, async (_name, refusal) => {
  expect(await send(refusal, 2, 1, false)).toEqual([[401, (refusal.body as Buffer).length]]);
});
