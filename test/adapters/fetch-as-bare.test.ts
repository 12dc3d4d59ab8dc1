import { bearer } from "@tokenflight/fetch";
import { asBare, type Story } from "./as-bare.ts";

type Fetch = typeof globalThis.fetch;

const called =
  (method: string, path: string, more: RequestInit = {}): Story<Fetch> =>
  async (fetch, tell, origin) => {
    const response = await fetch(origin + path, { method, ...more });
    tell(response, await response.text(), response.bodyUsed);
  };

const asRequest =
  (method: string, path: string, more: RequestInit = {}): Story<Fetch> =>
  async (fetch, tell, origin) => {
    const request = new Request(origin + path, { method, ...more });
    const response = await fetch(request);
    tell(request.bodyUsed, response, await response.text());
  };

const bodies: Record<string, () => BodyInit> = {
  text: () => "a",
  bytes: () => new Uint8Array(3),
  parameters: () => new URLSearchParams({ a: "b" }),
  blob: () => new Blob(["a"], { type: "x/y" }),
  form: () => {
    const form = new FormData();
    form.append("a", "b");
    return form;
  },
};

asBare<Fetch>(
  "fetch",
  (origin, tokens) => (tokens === undefined ? globalThis.fetch : bearer(tokens, { origins: origin })(globalThis.fetch)),
  {
    "a GET": called("GET", "/"),
    HEAD: called("HEAD", "/"),
    ...Object.fromEntries(Object.entries(bodies).map(([name, body]) => [`a body: ${name}`, called("POST", "/echo", { body: body() })])),
    ...Object.fromEntries(
      Object.entries(bodies).map(([name, body]) => [`a Request's body: ${name}`, asRequest("POST", "/echo", { body: body() })]),
    ),
    ...Object.fromEntries([204, 304, 400, 403, 404, 500, 503].map((status) => [`GET ${status}`, called("GET", `/status/${status}`)])),
    ...Object.fromEntries(
      [301, 302, 303, 307, 308].flatMap((status) => [
        [`GET, ${status}`, called("GET", `/redirect/${status}`)],
        [`POST, ${status}`, called("POST", `/redirect/${status}`, { body: "a" })],
        [`a Request, ${status}`, asRequest("POST", `/redirect/${status}`, { body: "a" })],
      ]),
    ),
    "redirect: manual": called("GET", "/redirect/302", { redirect: "manual" }),
    "redirect: error": called("GET", "/redirect/302", { redirect: "error" }),
    "redirects without an end": called("GET", "/loop"),
    "a broken connection": called("GET", "/reset"),
    "nobody listens": (fetch, tell) => (tell("begins"), fetch("http://127.0.0.1:1/")),
    "a response that breaks off": called("GET", "/cut"),
    packed: called("GET", "/packed"),
    "other schemes": async (fetch, tell) => tell(await (await fetch("data:text/plain,a")).text()),
    "no URL": async (fetch, tell) => {
      for (const url of ["", "/x", "http://", "nothing:x", "http://user@127.0.0.1:1/", undefined, {}])
        await fetch(url as string).catch((error: unknown) => tell(url, error));
    },
    "invalid init": async (fetch, tell, origin) => {
      for (const init of [
        { method: "G T" },
        { method: "TRACE" },
        { headers: { "a b": "1" } },
        { body: "a" },
        { redirect: "x" },
        { signal: 1 },
        { mode: "navigate" },
        { referrer: "::" },
        { cache: "only-if-cached" },
      ])
        await fetch(origin, init as RequestInit).then(
          ({ status }) => tell(init, status),
          (error: unknown) => tell(init, error),
        );
    },
    "null in place of a URL": async (fetch, tell) => {
      tell("begins");
      await fetch(null as never).catch((error: unknown) => tell(error));
    },
    "text in place of init": async (fetch, tell, origin) => {
      tell("begins");
      await fetch(origin, "x" as never).catch((error: unknown) => tell(error));
    },
    "an integrity that fails": called("GET", "/", { integrity: "sha256-aaaa" }),
    "an abort has the caller's reason": async (fetch, tell, origin) => {
      for (const reason of [undefined, new RangeError("enough"), "text", 0]) {
        const abort = new AbortController();
        const call = fetch(`${origin}/never`, { signal: abort.signal });
        setImmediate(() => abort.abort(reason));
        await call.catch((error: unknown) => tell(error, error === abort.signal.reason));
      }
    },
    "an abort before": async (fetch, tell, origin) => {
      const signal = AbortSignal.abort(new RangeError("enough"));
      await fetch(origin, { signal }).catch((error: unknown) => tell(error, error === signal.reason));
    },
    "an abort while the body comes": async (fetch, tell, origin) => {
      const abort = new AbortController();
      const response = await fetch(`${origin}/cut`, { signal: abort.signal });
      abort.abort();
      await response.text().catch((error: unknown) => tell(error, error === abort.signal.reason));
    },
    "a Request's abort": async (fetch, tell, origin) => {
      const abort = new AbortController();
      setImmediate(() => abort.abort());
      await fetch(new Request(`${origin}/never`, { signal: abort.signal })).catch((error: unknown) =>
        tell(error, error === abort.signal.reason),
      );
    },
    "a time limit": async (fetch, tell, origin) => {
      await fetch(`${origin}/never`, { signal: AbortSignal.timeout(30) }).catch((error: unknown) => tell(error));
    },
    "a Request that was used": async (fetch, tell, origin) => {
      const request = new Request(`${origin}/echo`, { method: "POST", body: "a" });
      await request.text();
      await fetch(request).catch((error: unknown) => tell(error));
    },
    "a Request, and an init over it": async (fetch, tell, origin) => {
      const request = new Request(`${origin}/echo`, { method: "POST", body: "a", headers: { "x-a": "1" } });
      tell(await (await fetch(request, { method: "PUT", body: "b", headers: { "x-b": "1" } })).json(), request.bodyUsed);
    },
    "a stream": async (fetch, tell, origin) => {
      const init = { method: "POST", body: new Blob(["a"]).stream(), duplex: "half" } as RequestInit;
      tell(await (await fetch(`${origin}/echo`, init)).json());
    },
    "a stream without duplex": (fetch, tell, origin) => (tell("begins"), fetch(origin, { method: "POST", body: new Blob(["a"]).stream() })),
    "a response is read piece by piece, cloned, and once": async (fetch, tell, origin) => {
      const response = await fetch(`${origin}/long`);
      const copy = response.clone();
      let length = 0;
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) length += chunk.length;
      tell(length, (await copy.text()).length, response.bodyUsed, response.headers.get("content-length"));
      await response.text().catch((error: unknown) => tell(error));
    },
    "what the function is": (fetch, tell) => tell(fetch.name, fetch.length, typeof fetch),
  },
);
