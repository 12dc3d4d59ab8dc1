import { type Options, type Response } from "got";
import { expect, it } from "vitest";
import { rejection, startGotSession, type GotSession } from "./got-session.ts";

interface Page {
  readonly url: string;
}

const transform = (response: Response<unknown>): Page[] => [JSON.parse(String(response.body)) as Page];

/** Three pages, each found by what the one before gave. */
const pages = (
  next: (response: Response<unknown>, page: number) => unknown,
): { transform: typeof transform; paginate: (data: { response: Response<unknown> }) => never } => {
  let page = 1;
  return { transform, paginate: ({ response }) => ((page += 1) > 3 ? false : next(response, page)) as never };
};

const seen = ({ api }: GotSession): string[] =>
  api.requests.map(({ url, status, authorizationKind }) => `${url} ${status} ${authorizationKind}`);

it.each<[name: string, next: (response: Response<unknown>, page: number) => unknown]>([
  ["a URL", (response, page) => ({ url: `${new URL(response.url).origin}/page/${page}` })],
  ["search parameters", (_response, page) => ({ searchParams: { page } })],
  [
    "the options of the page before",
    (response, page) => {
      const { options } = response.request;
      (options as Options).url = `${new URL(response.url).origin}/page/${page}`;
      return options;
    },
  ],
])("pages found by %s: each has the token, and each refused one is replayed for itself", async (_name, next) => {
  await using session = await startGotSession();
  const { client, revoke, refreshes } = session;
  const urls: string[] = [];
  await revoke();

  for await (const { url } of client.paginate<Page>("page/1", { pagination: pages(next) } as never)) {
    urls.push(url);
    if (urls.length === 2) await revoke();
  }

  const [one, two, three] = urls;
  expect(urls).toHaveLength(3);
  expect(seen(session)).toEqual([
    `${one} 401 bearer`,
    `${one} 200 bearer`,
    `${two} 200 bearer`,
    `${three} 401 bearer`,
    `${three} 200 bearer`,
  ]);
  expect(refreshes()).toBe(2);
});

it("a page at another origin has no token", async () => {
  await using elsewhere = await startGotSession();
  await using session = await startGotSession();
  const { client, refreshes } = session;

  const call = client.paginate.all<Page>("page/1", { pagination: pages(() => ({ url: `${elsewhere.api.origin}/there` })) } as never);

  expect((await rejection(call)).response?.statusCode).toBe(401);
  expect(seen(session)).toEqual(["/page/1 200 bearer"]);
  expect(seen(elsewhere)).toEqual(["/there 401 none"]);
  expect(refreshes()).toBe(0);
});

it.each<[name: string, headers: Record<string, string | undefined>, kind: string]>([
  ["of the caller's own", { authorization: "Basic bWU6bWU=" }, "other"],
  ["undefined", { authorization: undefined }, "none"],
])("an Authorization %s holds for every page, whatever the next one is found by", async (_name, headers, kind) => {
  for (const next of [
    (_response: Response<unknown>, page: number): unknown => ({ searchParams: { page } }),
    ({ request: { options } }: Response<unknown>, page: number): unknown => {
      options.searchParams = { page };
      return options;
    },
  ]) {
    await using session = await startGotSession();
    const call = session.client.paginate.all<Page>("page", { headers, throwHttpErrors: false, pagination: pages(next) } as never);

    expect(await call).toHaveLength(3);

    expect(session.api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual([kind, kind, kind]);
    expect(session.refreshes()).toBe(0);
  }
});
