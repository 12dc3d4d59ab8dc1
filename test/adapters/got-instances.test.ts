import { createTokenCache, InvalidOptionError } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { type ExtendOptions, type Got } from "got";
import { expect, it } from "vitest";
import { rejection, startGotSession } from "./got-session.ts";

it("F76 a handler of the caller's works before and after ours", async () => {
  const order: string[] = [];
  const handler = (name: string): ExtendOptions => ({
    handlers: [
      (options, next) => {
        order.push(name);
        options.headers["x-client"] = name;
        return next(options);
      },
      async (options, next) => {
        const response = await next(options);
        order.push(`${name} done`);
        return response;
      },
    ],
  });
  await using session = await startGotSession({ got: handler("one"), child: handler("other") });
  await session.revoke();

  expect(await session.client("plain").json()).toMatchObject({ client: "other" });

  expect(order).toEqual(["one", "other", "other done", "one done"]);
});

it("what got cannot make options of is got's own error", async () => {
  await using session = await startGotSession();
  const plain = got.extend({ prefixUrl: session.api.origin });
  const wrong = [7, { url: "x" }, null];

  for (const given of wrong) {
    const messageOf = async (client: Got): Promise<string> => {
      try {
        return (await rejection(client(given as never))).message;
      } catch (error) {
        return `thrown: ${String(error)}`;
      }
    };
    expect(await messageOf(session.client)).toBe(await messageOf(plain));
  }
  expect((await rejection(session.client("x", { retry: { limit: -1 } }))).message).toContain("limit");
});

it("F76 children, grandchildren and two extensions of one instance merged send each request once", async () => {
  await using session = await startGotSession();
  const { client, api, revoke, refreshes } = session;
  const child = client.extend({ headers: { "x-client": "child" } });
  const merged = got.extend(child, client.extend({ headers: { "x-request-id": "merged" } }));
  const grandchild = child.extend({ headers: { "x-request-id": "grandchild" } });

  for (const instance of [child, grandchild, merged]) {
    api.reset();
    await revoke();
    await instance("plain");
    expect(api.requests.map(({ status }) => status)).toEqual([401, 200]);
  }

  expect(refreshes()).toBe(3);
});

it("attaching the same tokens twice has no effect twice; other ones are an error", async () => {
  await using session = await startGotSession();
  const { tokens, api } = session;
  const options = bearer(tokens, { origins: api.origin });
  const once = got.extend(options);
  await once.extend(options)(`${api.origin}/twice`);
  expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["bearer"]);

  const other = bearer(createTokenCache({ source: async () => ({ access_token: "other" }) }), { origins: api.origin });
  const attachments: (() => unknown)[] = [
    () => once.extend(other),
    () => got.extend(options, other),
    () => got.extend(once, got.extend(other)),
    () => once.extend({ headers: { "x-client": "child" } }).extend({}, other),
    () => once.extend(bearer(tokens, { origins: api.origin })),
  ];
  for (const attach of attachments) {
    expect(attach).toThrow(InvalidOptionError);
    expect(attach).toThrow("extend: expected a got instance without bearer tokens, got one that has them.");
  }
});

it("the parent stays exactly as it was", async () => {
  await using session = await startGotSession();
  const { tokens, api } = session;
  const parent = got.extend({ hooks: { beforeRequest: [() => {}] }, context: { own: true } });
  const before = JSON.stringify(parent.defaults);
  const { handlers } = parent.defaults;

  const child = parent.extend(bearer(tokens, { origins: api.origin }));
  await child(`${api.origin}/child`);

  expect(JSON.stringify(parent.defaults)).toBe(before);
  expect(parent.defaults.handlers).toBe(handlers);
  expect((await rejection(parent(`${api.origin}/parent`))).response?.statusCode).toBe(401);
  expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["bearer", "none"]);
});

it("mutable defaults stay mutable, and what is changed later counts", async () => {
  await using session = await startGotSession({ child: { mutableDefaults: true } });
  const { client, api } = session;

  client.defaults.options.headers["x-client"] = "changed";
  await client("plain");

  expect(api.requests[0]).toMatchObject({ client: "changed", authorizationKind: "bearer" });
});
