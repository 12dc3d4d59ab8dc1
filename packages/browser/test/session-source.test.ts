import { sessionSource } from "@tokenflight/browser";
import { TokenSet, type SourceContext } from "@tokenflight/core";
import { describe, expect, it } from "vitest";

/** What a backend answers a renewal with, and what the source makes of it. */
const answers = [
  { status: 200, outcome: "renewed" },
  { status: 400, outcome: "ERR_LOGIN_REQUIRED" },
  { status: 401, outcome: "ERR_LOGIN_REQUIRED" },
  { status: 403, outcome: "ERR_LOGIN_REQUIRED" },
  { status: 404, outcome: "ERR_TOKEN_REQUEST_REFUSED" },
  { status: 429, outcome: "ERR_TOKEN_REQUEST_THROTTLED" },
  { status: 500, outcome: "ERR_TOKEN_REQUEST_UNKNOWN" },
  { status: 503, outcome: "ERR_TOKEN_REQUEST_THROTTLED" },
];
const ways = {
  "nothing is read from": undefined,
  "a lifetime is read from": async (response: Response): Promise<number> => ((await response.json()) as { expires_in: number }).expires_in,
  "a lifetime is read at once from": (response: Response): number => {
    if (!response.headers.has("x-expires-in")) throw new Error("no lifetime");
    return Number(response.headers.get("x-expires-in"));
  },
};

describe.each(Object.entries(ways))("%s the answer of a backend", (_, expiresIn) => {
  it.each(answers)("$status: $outcome", async ({ status, outcome }) => {
    // What refuses says so in a page of its own.
    const [body, headers] = status === 200 ? ['{"expires_in":60}', { "x-expires-in": "60" }] : ["<h1>No</h1>", undefined];
    const response = new Response(body, { status, ...(headers && { headers }) });
    const source = sessionSource({ refresh: async () => response, expiresIn });
    const previous = new TokenSet({ accessToken: "session-1" } as ConstructorParameters<typeof TokenSet>[0]);
    const result = await Promise.resolve(source({ previous, signal: new AbortController().signal } as SourceContext)).then(
      () => "renewed",
      ({ code }) => code,
    );
    expect(result).toBe(outcome);
    expect(response.bodyUsed).toBe(true);
  });
});
