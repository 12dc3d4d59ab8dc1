import { describe, expect, inject, it } from "vitest";
import { partialUrl, reactNative } from "./baseline/react-native.ts";

const folder = inject("installed");
const origins = "https://api.example";

interface Arrival {
  readonly url: string;
  readonly token: string | null;
  readonly body: unknown;
}

/** An API that takes a new token after 50 requests, a token endpoint and an origin that may have none. */
function servers(): { arrivals: Arrival[]; answer: (url: string, init: RequestInit) => Promise<Response> } {
  const arrivals: Arrival[] = [];
  let answered = 0;
  return {
    arrivals,
    async answer(url, { headers, body }) {
      const token = new Headers(headers).get("authorization");
      arrivals.push({ url, token, body });
      if (url.endsWith("/token")) return Response.json({ access_token: "t-1", token_type: "Bearer", expires_in: 600 });
      if (!url.startsWith(origins)) return new Response("{}");
      const isGood = token === (answered < 50 ? "Bearer t-1" : "Bearer t-2");
      if (isGood) answered += 1;
      return new Response("{}", { status: isGood ? 200 : 401 });
    },
  };
}

const begin = `
  const { createTokenCache } = require("@tokenflight/core");
  let obtained = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: "t-" + (obtained += 1), expires_in: 600 }) });`;

/** What puts the token on a client's requests, and a function that sends one. */
const clients: Readonly<Record<string, { readonly attach: string; readonly send: string }>> = {
  fetch: {
    attach: `const api = require("@tokenflight/fetch").bearer(tokens, { origins: "${origins}" })(fetch);`,
    send: `(url, body) => api(url, { method: "POST", body }).then((response) => response.status)`,
  },
  "fetch with a Request": {
    attach: `const api = require("@tokenflight/fetch").bearer(tokens, { origins: "${origins}" })(fetch);`,
    send: `(url, body) => api(new Request(url, { method: "POST", body })).then((response) => response.status)`,
  },
  axios: {
    attach: `
      const api = require("axios").create({ baseURL: "${origins}" });
      require("@tokenflight/axios").attachBearer(api, tokens);`,
    send: `(url, body) => api.post(url, body).then((response) => response.status)`,
  },
};

describe.each(Object.entries(clients))("%s in React Native", (_name, { attach, send }) => {
  it("sends whole requests with a token that is renewed once, and none elsewhere", async () => {
    const { arrivals, answer } = servers();
    const statuses = (await reactNative(folder, answer).run(`
      ${begin}
      ${attach}
      const send = ${send};
      return (async () => {
        const statuses = [];
        for (let round = 0; round < 2; round += 1)
          statuses.push(...(await Promise.all(Array.from({ length: 50 }, (_, index) => send("${origins}/orders?n=" + index, "order " + index)))));
        statuses.push(await send("https://other.example/", "order"));
        return statuses;
      })();`)) as number[];
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses.length).toBe(101);
    const [elsewhere, ...more] = arrivals.filter(({ url }) => !url.startsWith(origins));
    expect([elsewhere?.token, more]).toEqual([null, []]);
    const here = arrivals.filter(({ url }) => url.startsWith(origins));
    expect(new Set(here.map(({ token }) => token))).toEqual(new Set(["Bearer t-1", "Bearer t-2"]));
    for (const { url, body } of here) expect(body).toBe(`order ${url.split("=")[1]}`);
  });

  it("is refused where URL is React Native's own: nobody can tell there where a request goes", () => {
    const { arrivals, answer } = servers();
    const error = reactNative(folder, answer, [partialUrl]).run(`${begin} try { ${attach} } catch (error) { return error; }`);
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option: "origins", message: expect.stringContaining("URL standard") });
    expect(arrivals).toEqual([]);
  });
});

const client = `const { createOAuthClient, clientSecretBasic } = require("@tokenflight/oauth");
  const make = () => createOAuthClient({ tokenEndpoint: "https://login.example/token", clientId: "id", clientAuth: clientSecretBasic("secret") });`;

it("a token is obtained with a fetch whose responses have no body to read piece by piece", async () => {
  const { arrivals, answer } = servers();
  const token = await reactNative(folder, answer).run(
    `${client} return require("@tokenflight/core").createTokenCache({ source: make().clientCredentials() }).get().then((set) => set.accessToken);`,
  );
  expect([token, arrivals.map(({ url }) => url)]).toEqual(["t-1", ["https://login.example/token"]]);
});

it("a client of OAuth is refused where URL is React Native's own", () => {
  const error = reactNative(folder, servers().answer, [partialUrl]).run(`${client} try { make(); } catch (error) { return error; }`);
  expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", message: expect.stringContaining("URL standard") });
});
