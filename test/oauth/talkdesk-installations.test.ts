import { createTokenCache, createTokenPool, type TokenCache, type TokenSource } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient } from "@tokenflight/oauth";
import { installationFrom, sessionIdOf, type Installation } from "@tokenflight/oauth/talkdesk";
import { beforeEach, describe, expect, it } from "vitest";
import { clients } from "../clients/clients.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { startTalkdeskServer, type TalkdeskServer } from "../servers/talkdesk-server.ts";

/** A machine that has much else to do may take so long. */
const busyMachine = { timeout: 10_000 };

let server: TalkdeskServer;
let api: ResourceApi;

beforeEach(async () => {
  server = await startTalkdeskServer();
  api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
  return async () => {
    await api.close();
    await server.close();
  };
});

function install(account = "starship"): Installation {
  return installationFrom(server.install(account));
}

function cacheOf(installation: Installation): TokenCache {
  return createTokenCache({ source: createOAuthClient(installation.oauth).clientCredentials(), ...installation.cache });
}

describe("an AppConnect installation", () => {
  it.each(clients)("is rotated under load through $name, and no request fails", async ({ connect }) => {
    const installation = install();
    const tokens = cacheOf(installation);
    const send = connect(tokens, api.origin);
    const load = { on: true };
    const work = async (statuses: number[]): Promise<void> => {
      while (load.on) statuses.push((await send({})).status);
    };
    const answers = Array.from({ length: 8 }, (): number[] => []);
    const workers = answers.map(work);
    /** A request is replayed once: the token it was replayed with must live until then. */
    const everybodyWasAnswered = async (): Promise<void> => {
      const enough = answers.map(({ length }) => length + 2);
      await expect.poll(() => answers.every(({ length }, index) => length >= (enough[index] ?? 0)), busyMachine).toBe(true);
    };
    for (const round of [1, 2, 3, 4]) {
      server.revokeAccessToken((await tokens.get()).accessToken);
      const event = server.rotate(installation.id);
      expect(installation.rotate(event)).toBe(true);
      await expect.poll(() => server.stats.tokensIssued, busyMachine).toBeGreaterThan(round);
      const acknowledge = bearer(tokens, { origins: [server.origin] })(globalThis.fetch);
      expect(await installation.acknowledge(acknowledge)).toBe(true);
      expect(await installation.acknowledge(acknowledge)).toBe(false);
      await everybodyWasAnswered();
    }
    load.on = false;
    await Promise.all(workers);
    expect(new Set(answers.flat())).toEqual(new Set([200]));
    expect(server.requests.filter(({ answered }) => answered !== 200)).toEqual([]);
  });

  it("falls back on the old credentials while the new ones are not known yet", async () => {
    const installation = install();
    const tokens = cacheOf(installation);
    const event = server.rotate(installation.id);
    const hidden = server.clients.findIndex(({ clientId }) => clientId === event.data.client_id);
    const [client] = (server.clients as (typeof server.client)[]).splice(hidden, 1);
    installation.rotate(event);
    expect(server.isActive((await tokens.get()).accessToken)).toBe(true);
    expect(server.requests.map(({ answered }) => answered)).toEqual([401, 200]);
    expect(client).toBeDefined();
  });

  it("after a compromise goes on with the new credentials alone", async () => {
    const installation = install();
    const tokens = cacheOf(installation);
    const first = await tokens.get();
    installation.rotate(server.rotate(installation.id, { compromised: true }), { compromised: true });
    await tokens.renew(first);
    expect(server.requests.map(({ answered }) => answered)).toEqual([200, 200]);
  });

  it("keeps its users' sessions over a rotation, until the credentials that they began with are over", async () => {
    const installation = install();
    const client = createOAuthClient(installation.oauth);
    const tokens = createTokenCache({ source: client.refreshToken(), ...installation.cache });
    const owner = server.clients.at(-1);
    await tokens.save(await client.exchangeCode(await server.authorize(owner === undefined ? {} : { client: owner })));
    installation.rotate(server.rotate(installation.id));
    for (let turn = 0; turn < 2; turn += 1) await tokens.renew(await tokens.get());
    expect(server.stats).toMatchObject({ tokenRequests: { refresh_token: 4 }, refreshTokenReuses: 0 });
    installation.rotate(server.rotate(installation.id, { compromised: true }), { compromised: true });
    await expect(tokens.renew(await tokens.get())).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
  });

  it("ends a login that was begun with the credentials before", async () => {
    const installation = install();
    const client = createOAuthClient(installation.oauth);
    const redirectUri = `${server.origin}/callback`;
    const { url, pending } = await client.authorizationUrl({ redirectUri, scope: "openid account:read" });
    const callback = (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "";
    installation.rotate(server.rotate(installation.id));
    const tokenSet = await client.exchangeCallback(callback, pending);
    expect(sessionIdOf(tokenSet)).toEqual(expect.any(String));
    expect(server.requests.map(({ form, answered }) => [form.get("client_id"), answered])).toEqual([[pending.clientId, 200]]);
  });

  it("is one of a thousand in a pool, each with its own tokens", async () => {
    const installations = new Map(Array.from({ length: 1000 }, (_, index) => install(`account-${index}`)).map((one) => [one.id, one]));
    const source = (id: string): TokenSource => createOAuthClient((installations.get(id) as Installation).oauth).clientCredentials();
    const pool = createTokenPool({ source });
    const sets = await Promise.all([...installations.keys()].map((id) => pool.for(id).get()));
    expect(new Set(sets.map(({ accessToken }) => accessToken)).size).toBe(1000);
    expect(new Set(server.requests.map(({ form }) => form.get("client_id"))).size).toBe(1000);
    expect(server.requests).toHaveLength(1000);

    const rotated = [...installations.values()].slice(0, 50);
    for (const one of rotated) one.rotate(server.rotate(one.id, { compromised: true }), { compromised: true });
    await Promise.all(rotated.map(async ({ id }, index) => pool.for(id).renew(sets[index] ?? (await pool.for(id).get()))));
    expect(server.requests.slice(1000).map(({ answered }) => answered)).toEqual(rotated.map(() => 200));
    expect(new Set(server.requests.map(({ form }) => form.get("client_id"))).size).toBe(1050);
  }, 60_000);
});
