/** The scenarios of the sections A, C, D, F and I that every adapter keeps: "<section><first>-<last>". */
const sections = ["A1-16", "C31-54", "D55-62", "F75-80", "I112-114", "I118-118", "I122-122", "I125-129", "I137-137", "I139-139"];

/** The id of each, in order. */
export const scenarioIds: readonly string[] = sections.flatMap((range) => {
  const [, section = "", first = "", last = ""] = /^([A-I])(\d+)-(\d+)$/.exec(range) ?? [];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${section}${Number(first) + index}`);
});

/** Those that are about one client, or about something that no client takes part in: what they say. Tests that name them show them. */
export const elsewhere: Readonly<Record<string, string>> = {
  A15: "the fetch function beneath is called as it wants to be, and the caller's own is the one that is called",
  A16: "the packed packages give the same functions to `require()` and to `import`, on Node 22 and 24",
  C46: "a refusal that comes as a response and one that comes as an error are refreshed and replayed alike",
  F76: "children and further extensions put the token on once, and the caller's hooks keep their order",
  F77: "the statics of axios, and its defaults, are still there",
  F78: "`ky.extend` inherits the tokens, and `ky.create` begins anew, as ky documents",
  F79: "got's cache revalidates, and keeps no more than it would of a request with the caller's own header",
  F80: "streams and progress: nothing is buffered, and all is told as without us",
};

/** Those that are about something that is not here, and why. */
export const absent: Readonly<Record<string, string>> = {
  A4: "An adapter knows no scopes: they are an option of the grants in `@tokenflight/oauth`, as a string or a list",
  C48: "There is no callback before a replay: it is beneath the caller's hooks, which see one request",
};
