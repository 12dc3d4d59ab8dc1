import { expect, it } from "vitest";
import { endpoint, refreshWith, setUp } from "./set-up.ts";

const json = (fields: object): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ grant_type: "refresh_token", refresh_token: "r", ...fields }),
});
const form = (fields: Readonly<Record<string, string>>): RequestInit => refreshWith("r", fields);

type Asked = readonly [init: RequestInit, query?: string];

/** Two requests with one refresh token, for one client. */
const same: Record<string, readonly [Asked, Asked]> = {
  "scopes in another order": [[form({ scope: "a b" })], [form({ scope: " b  a " })]],
  "an empty scope, and none": [[form({ scope: "" })], [form({})]],
  "two secrets of a client": [[form({ client_secret: "a" })], [form({ client_secret: "b" })]],
  "two signed assertions": [[form({ client_assertion: "a" })], [form({ client_assertion: "b" })]],
  "what a client tells of itself": [[form({ "x-client-SKU": "a", client_info: "1" })], [form({})]],
  "the old access token beside it": [[form({ access_token: "a" })], [form({ access_token: "b" })]],
  "other header fields": [[{ ...form({}), headers: { dpop: "a" } }], [{ ...form({}), headers: { dpop: "b" } }]],
  "fields in another order": [
    [json({ client_id: "me", scope: "a", resource: ["b"] })],
    [json({ resource: ["b"], scope: "a", client_id: "me" })],
  ],
  "a form, and JSON": [[form({ scope: "a" })], [json({ client_id: "me", scope: "a" })]],
};

const different: Record<string, readonly [Asked, Asked]> = {
  "another scope": [[form({ scope: "a" })], [form({ scope: "b" })]],
  "a scope, and none": [[form({ scope: "a" })], [form({})]],
  "another resource": [[form({ resource: "https://a" })], [form({ resource: "https://b" })]],
  "another audience": [[form({ audience: "a" })], [form({})]],
  "another organization": [[form({ organization_id: "a" })], [form({ organization_id: "b" })]],
  "a field that nobody here knows": [[form({ tenant: "a" })], [form({ tenant: "b" })]],
  "authorization details in JSON": [[json({ authorization_details: [{ type: "a" }] })], [json({ authorization_details: [{ type: "b" }] })]],
  "a number in JSON": [[json({ account: 1 })], [json({ account: 2 })]],
  "another query": [
    [form({}), "?p=policy-a"],
    [form({}), "?p=policy-b"],
  ],
  "a query, and none": [[form({}), "?p=policy-a"], [form({})]],
};

const table = [
  ...Object.entries(same).map(([name, pair]) => [name, "the same question", ["r"], pair] as const),
  ...Object.entries(different).map(([name, pair]) => [name, "another question", ["r", "refresh-1"], pair] as const),
];

it.each(table)("%s: %s", async (_, __, sent, [first, second]) => {
  for (const isAtOnce of [false, true]) {
    const { server, process } = setUp();
    const send = process();
    const ask = async ([init, query = ""]: Asked): Promise<string> => {
      const { access_token } = (await (await send(`${endpoint}${query}`, init)).json()) as { access_token: string };
      return access_token;
    };
    const answers = isAtOnce ? await Promise.all([ask(first), ask(second)]) : [await ask(first), await ask(second)];
    expect(server.sent).toEqual(sent);
    expect(new Set(answers).size).toBe(sent.length);
    expect(server.hasEnded).toBe(false);
  }
});
