import { AsyncLocalStorage } from "node:async_hooks";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer, type KyRequest } from "@tokenflight/ky";
import ky, { replaceOption, type Options } from "ky";
import { describe, expect, it } from "vitest";
import { actAtRandom } from "./many-users.ts";
import { rejectionOf, startWireApi, type WireApi } from "./wire-session.ts";

it("200 users in random orders: nobody gets another's token or answer", { timeout: 120_000 }, async () => {
  const options: Options = { retry: { limit: 2, delay: () => 1, methods: ["get", "post"] }, throwHttpErrors: (status) => status !== 401 };

  const requests = await actAtRandom(({ origin, tokensOf }) => {
    const api = ky.create({ baseUrl: origin, ...options }).extend(bearer(({ context }) => tokensOf(String(context["user"]))));
    return (user, { path, method, body }) => api(path, { method, context: { user }, ...(body === undefined ? {} : { body }) }).text();
  });

  expect(requests).toBeGreaterThan(400);
});

const tokensOf = (user: unknown): TokenCache => createTokenCache({ source: async () => ({ access_token: String(user) }) });
const startApi = (): Promise<WireApi> =>
  startWireApi(
    () => true,
    ({ token }) => ({ status: 200, body: token ?? "nobody" }),
  );

describe("a function of the request", () => {
  it("sees the context of the call, the same object that hooks see and may change", async () => {
    await using wire = await startApi();
    const seen: unknown[] = [];
    const api = ky.create({ baseUrl: wire.origin }).extend(
      bearer(({ context }) => {
        seen.push(context);
        return tokensOf(context["user"]);
      }),
    );
    const child = api.extend({
      hooks: {
        beforeRequest: [
          ({ options: { context } }) => {
            seen.push(context);
            context["user"] = "ben";
          },
        ],
      },
    });

    expect([await child("a").text(), await child("b", { context: { user: "anna" } }).text()]).toEqual(["ben", "ben"]);
    expect([seen[0] === seen[1], seen[2] === seen[3], seen[0] === seen[2]]).toEqual([true, true, false]);
  });

  it("sees the defaults of parent and child merged with the context of the call", async () => {
    await using wire = await startApi();
    const contexts: unknown[] = [];
    const api = ky
      .create({ baseUrl: wire.origin, context: { a: 1, b: 1, c: 1 } })
      .extend(
        bearer(({ context }) => {
          contexts.push(context);
          return undefined;
        }),
      )
      .extend({ context: { b: 2, c: 2 } });

    await api("", { context: { c: 3 } });

    expect(contexts).toEqual([{ a: 1, b: 2, c: 3 }]);
  });

  it("sees what init hooks before and after ours make of the context", async () => {
    await using wire = await startApi();
    const add =
      (name: string) =>
      (options: Options): void => {
        options.context = { ...options.context, [name]: true };
      };
    const contexts: unknown[] = [];
    const api = ky
      .create({ baseUrl: wire.origin, hooks: { init: [add("before")] } })
      .extend(
        bearer(({ context }) => {
          contexts.push(context);
          return undefined;
        }),
      )
      .extend({ hooks: { init: [add("after")] } });

    await api("");

    expect(contexts).toEqual([{ before: true, after: true }]);
  });

  it("sees the Request that ky sends, and is asked again for each retry, in the same context", async () => {
    await using wire = await startApi();
    let unavailable = true;
    wire.answer = () => {
      const status = unavailable ? 503 : 200;
      unavailable = false;
      return { status };
    };
    const seen: KyRequest[] = [];
    const api = ky.create({ baseUrl: wire.origin, retry: { limit: 1, delay: () => 1 } }).extend(
      bearer((request) => {
        seen.push(request);
        return undefined;
      }),
    );

    await api("orders", { searchParams: { page: 2 }, context: { user: "anna" } });

    expect(seen.map(({ input }) => (input as Request).url)).toEqual([1, 2].map(() => `${wire.origin}/orders?page=2`));
    expect(seen[0]?.context).toBe(seen[1]?.context);
  });

  it("is called in the caller's asynchronous context, for retries as well", async () => {
    await using wire = await startApi();
    const unavailable = new Set(["anna", "ben"]);
    wire.answer = ({ token = "" }) => (unavailable.delete(token) ? { status: 503 } : { status: 200, body: token });
    const user = new AsyncLocalStorage<string>();
    const api = ky.create({ baseUrl: wire.origin, retry: { limit: 1, delay: () => 1 } }).extend(bearer(() => tokensOf(user.getStore())));

    const answers = await Promise.all(["anna", "ben"].map((name) => user.run(name, () => api("").text())));

    expect(answers).toEqual(["anna", "ben"]);
  });

  it("reads no context when somebody replaced all hooks, ours among them: an error, and nothing is sent", async () => {
    await using wire = await startApi();
    const api = ky
      .create({ baseUrl: wire.origin })
      .extend(bearer(({ context }) => ("user" in context ? tokensOf(context["user"]) : undefined)))
      .extend({ hooks: replaceOption({}) });

    expect(await rejectionOf(api("", { context: { user: "anna" } }))).toMatchObject({ code: "ERR_INVALID_OPTION", option: "hooks" });
    expect(wire.requests).toEqual([]);
  });
});

it("tokens that are always the same ones need no hook", () => {
  const parent: Options = { baseUrl: "https://api.example.com" };

  expect(Object.keys(bearer(tokensOf("anna"))(parent))).toEqual(["fetch"]);
});
