import diagnostics from "node:diagnostics_channel";
import { bearer } from "@tokenflight/undici";
import { Agent, interceptors, MockAgent, request, type Dispatcher } from "undici";
import { expect, it } from "vitest";
import { canary, canaryCases, canaryTokens, startCanaryApi } from "./canary-cases.ts";
import { findLeaks } from "./canary.ts";
import { tally } from "./tally.ts";
import { rejectionOf, startWireApi } from "./wire-session.ts";

const canaries = tally("undici", "results searched", "canaries found");

const orders: [string, (ours: Dispatcher.DispatcherComposeInterceptor) => Dispatcher.DispatcherComposeInterceptor[]][] = [
  ["alone", (ours) => [ours]],
  [
    "with redirect, retry and responseError",
    (ours) => [
      interceptors.redirect({ maxRedirections: 3, throwOnMaxRedirect: true }),
      interceptors.retry({ minTimeout: 1, maxRetries: 1 }),
      ours,
      interceptors.responseError(),
    ],
  ],
];

it.each(canaryCases.flatMap((one) => orders.map(([way, order]) => ({ ...one, way, order }))))(
  "$name, $way: no token can be reached from the response, the error or what the caller gave",
  async ({ order, ...one }) => {
    const { wire, signal } = await startCanaryApi(one);
    await using _ = wire;
    const agent = new Agent();
    const dispatcher = agent.compose(...order(bearer(canaryTokens(), { origins: wire.origin })));
    const options = { method: "PUT" as const, body: "text", headers: { "x-a": "1" }, signal: signal ?? null };

    const [outcome] = await Promise.allSettled([request(wire.origin, { ...options, dispatcher })]);
    const body = outcome.status === "fulfilled" ? await Promise.allSettled([outcome.value.body.text()]) : undefined;

    const leaks = findLeaks({ outcome, body, options }, canary);
    canaries.count(leaks.length);
    expect(leaks).toEqual([]);
    expect(wire.requests.some(({ token }) => token?.includes(canary))).toBe(true);
    await agent.destroy();
  },
);

it("what nobody can prevent: undici's diagnostics channels and the errors of a MockAgent show the headers that are sent", async () => {
  await using wire = await startWireApi(() => true);
  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  diagnostics.subscribe("undici:request:create", listen);
  const dispatcher = new Agent().compose(bearer(canaryTokens(), { origins: wire.origin }));
  await (await request(wire.origin, { dispatcher })).body.dump();
  diagnostics.unsubscribe("undici:request:create", listen);
  expect(findLeaks(told, canary)).not.toEqual([]);

  const mock = new MockAgent();
  mock.disableNetConnect();
  mock
    .get(wire.origin)
    .intercept({ path: "/", headers: { "x-never": "1" } })
    .reply(200);
  const error = await rejectionOf(request(wire.origin, { dispatcher: mock.compose(bearer(canaryTokens(), { origins: wire.origin })) }));
  expect(findLeaks(error, canary)).not.toEqual([]);
});
