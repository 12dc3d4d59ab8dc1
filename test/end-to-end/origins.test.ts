import { expect, it } from "vitest";
import { clients } from "../clients/clients.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { startSession } from "./session.ts";

it.each(clients)("$name: a request to an origin that is not allowed is sent untouched", async ({ connect }) => {
  await using session = await startSession();
  await using elsewhere = await startResourceApi({ isActive: () => true });
  const { tokens, api, refreshes } = session;

  expect((await connect(tokens, api.origin)({ path: `${elsewhere.origin}/elsewhere` })).status).toBe(401);

  expect(elsewhere.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none"]);
  expect(refreshes()).toBe(0);
});

it.each(clients)(
  "$name: a redirect to another origin takes no token along, and its 401 neither refreshes nor repeats the request",
  async ({ connect }) => {
    await using session = await startSession();
    await using elsewhere = await startResourceApi({ isActive: () => true });
    const { tokens, api, refreshes } = session;
    const send = connect(tokens, api.origin);

    for (const status of [301, 302, 303, 307, 308]) {
      const path = `/redirect?status=${status}&to=${encodeURIComponent(`${elsewhere.origin}/there`)}`;
      expect((await send({ path })).status).toBe(401);
    }

    expect(elsewhere.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none", "none", "none", "none", "none"]);
    expect(api.requests).toHaveLength(5);
    expect(refreshes()).toBe(0);
  },
);

it.each(clients)("$name: a POST whose redirect target refuses the token is not posted a second time", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, api } = session;
  const path = `/redirect?status=303&to=${encodeURIComponent("/status/401")}`;

  expect((await connect(tokens, api.origin)({ method: "POST", path, body: "create" })).status).toBe(401);

  expect(api.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
});

it.each(clients)("$name: the caller's own Authorization wins, and its 401 refreshes nothing", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, api, refreshes } = session;

  expect((await connect(tokens, api.origin)({ headers: { authorization: "Bearer mine" } })).status).toBe(401);

  expect(api.requests.map(({ authorization }) => authorization)).toEqual(["Bearer mine"]);
  expect(refreshes()).toBe(0);
});
