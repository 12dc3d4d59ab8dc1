import { bearer } from "@tokenflight/ky";
import ky, { type Options } from "ky";
import { expect, it } from "vitest";
import { canary, canaryCases, canaryTokens, startCanaryApi } from "./canary-cases.ts";
import { findLeaks } from "./canary.ts";
import { tally } from "./tally.ts";

const canaries = tally("ky", "results searched", "canaries found");

const ways: [string, Options][] = [
  ["without retries", { retry: 0 }],
  ["with retries", { retry: { limit: 2, delay: () => 1, methods: ["post"] } }],
];

it.each(canaryCases.flatMap((one) => ways.map(([way, options]) => ({ ...one, way, options }))))(
  "$name, $way: no token can be reached from the response, the error, its request, or what hooks see",
  async ({ options, ...one }) => {
    const { wire, signal } = await startCanaryApi(one);
    await using _ = wire;
    const seen: unknown[] = [];
    const see = (state: unknown): undefined => void seen.push(state);
    const api = ky
      .create({
        baseUrl: wire.origin,
        ...options,
        hooks: {
          beforeRequest: [see],
          beforeRetry: [see],
          afterResponse: [see],
          beforeError: [
            (state) => {
              see(state);
              return state.error;
            },
          ],
        },
      })
      .extend(bearer(canaryTokens()));

    const [outcome] = await Promise.allSettled([
      api.post("orders", { json: { a: 1 }, ...(signal === undefined ? {} : { signal }) }).text(),
    ]);

    const leaks = findLeaks({ outcome, seen, api }, canary);
    canaries.count(leaks.length);
    expect(leaks).toEqual([]);
    expect(wire.requests.some(({ token }) => token?.includes(canary))).toBe(true);
  },
);
