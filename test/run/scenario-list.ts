/** The scenarios of the sections A, C, D, F and I that every adapter keeps: "<section><first>-<last>". */
const sections = ["A1-16", "C31-54", "D55-62", "F75-80", "I112-130", "I132-134", "I137-139"];

/** The id of each, in order. */
export const scenarioIds: readonly string[] = sections.flatMap((range) => {
  const [, section = "", first = "", last = ""] = /^([A-I])(\d+)-(\d+)$/.exec(range) ?? [];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${section}${Number(first) + index}`);
});

/** Those that are about one client, or about something that no client takes part in: what they say. Tests that name them show them. */
export const elsewhere: Readonly<Record<string, string>> = {
  A15: "the fetch function beneath is called as it wants to be, and the caller's own is the one that is called",
  A16: "the packed packages give the same functions to `require()` and to `import`, on Node 22.12, 22 and 24",
  C46: "a refusal that comes as a response and one that comes as an error are refreshed and replayed alike",
  F76: "children and further extensions put the token on once, and the caller's hooks keep their order",
  F77: "the statics of axios, and its defaults, are still there",
  F78: "`ky.extend` inherits the tokens, and `ky.create` begins anew, as ky documents",
  F79: "got's cache revalidates, and keeps no more than it would of a request with the caller's own header",
  F80: "streams and progress: nothing is buffered, and all is told as without us",
  I115: "undici with one Agent for the API and the token endpoint: a 401 is replayed while the result of another refresh is being written",
  I116: "what got rejects with after a failure of TLS, or an answer of 101, holds no token",
  I117: "a 401 is about the token whatever scheme its challenge names (every client: C45)",
  I119: "mocks, matchers and adapters of one's own find axios's field in axios's spelling",
  I120: "in a page a base URL may be relative to it, and a 401 there is renewed and replayed",
  I121: "a cache in its place gives no user another's answer where the API says `Vary: Authorization`",
  I123: "a page without `Request`, and a `Request` that does not tell its body",
  I124: "another copy of the client than the adapter's peer: it works, and errors are of the caller's copy",
  I130: "forms of axios are replayed from their bytes; `refusedBy` finds refusals in JSON answers of at most 64 kB, waits a second at most, and holds back no stream",
  I132: "the packed packages run on Node 22.12, the lowest that `engines` names",
  I133: "a client that is too old is an error when it is attached, or with the first request, and no request without a token",
  I134: "what older browsers, pages over http and edge sandboxes lack is done without",
  I138: "what the clients' own tests assert of hooks, retries, caches, aborts and errors: attached and bare side by side",
};

/** Those that are about something that is not here, and why. */
export const absent: Readonly<Record<string, string>> = {
  A4: "An adapter knows no scopes: they are an option of the grants in `@tokenflight/oauth`, as a string or a list",
  C48: "There is no callback before a replay: it is beneath the caller's hooks, which see one request",
};
