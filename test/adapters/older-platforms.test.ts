import { createTokenCache, memoryStore } from "@tokenflight/core";
import { afterEach, describe, expect, it } from "vitest";
import { axiosByFetch, axiosByHttp } from "../clients/axios.ts";
import { fetchWithInit, fetchWithRequest } from "../clients/fetch.ts";
import { kyAlone } from "../clients/ky.ts";
import { refusing, startRecordingApi } from "../contract/scenarios/recording-api.ts";

/** What older browsers, and pages over http, do not have: field line 134. */
const lacking: readonly (readonly [holder: object, name: string])[] = [
  [URL, "parse"],
  [URL, "canParse"],
  [AbortSignal, "any"],
  [crypto, "randomUUID"],
];

const putBack: (() => void)[] = [];
afterEach(() => {
  while (putBack.length > 0) putBack.pop()?.();
});

function takeAway([holder, name]: (typeof lacking)[number]): void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, { value: undefined, configurable: true });
  putBack.push(() => (before === undefined ? Reflect.deleteProperty(holder, name) : Object.defineProperty(holder, name, before)));
}

describe.each([axiosByHttp, axiosByFetch, fetchWithInit, fetchWithRequest, kyAlone])("$name", ({ name, connect }) => {
  // ky itself calls AbortSignal.any.
  const missed = lacking.filter(([, member]) => !(name === "ky" && member === "any"));

  it.each([...missed.map((one) => [one[1], [one]] as const), ["all of them", missed] as const])(
    "I134 without %s: a token is obtained, refused, renewed and replayed, and stays at its origin",
    async (_missing, missing) => {
      await using api = await startRecordingApi(refusing("1"));
      await using other = await startRecordingApi(refusing());
      for (const one of missing) takeAway(one);
      let count = 0;
      const source = async (): Promise<object> => ({ access_token: String((count += 1)), expires_in: 600 });
      const tokens = createTokenCache({ source: source as never, store: memoryStore(), identity: "test", key: "alice" });
      const send = connect(tokens, api.origin);

      const { signal } = new AbortController();
      expect((await send({ method: "POST", path: "/orders?a=1", body: "order", signal })).status).toBe(200);
      expect((await send({ path: `${other.origin}/there` })).status).toBe(200);

      expect(api.arrivals.map(({ url, body, headers }) => [url, body, headers.authorization])).toEqual([
        ["/orders?a=1", "order", "Bearer 1"],
        ["/orders?a=1", "order", "Bearer 2"],
      ]);
      expect(other.arrivals.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    },
  );
});
