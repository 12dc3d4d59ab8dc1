import { bearer } from "@tokenflight/got";
import got, { type Got, type OptionsOfTextResponseBody } from "got";
import lowest from "got-lowest";
import { oddRequests, type OddClient } from "./odd-requests.ts";

/** What has a length that got can tell ahead. */
const measured = new Set(["none", "null", "empty", "text", "bytes", "noBytes", "buffer", "part", "dataView", "wide"]);

const gotClient = (name: string, copy: Got, more: Partial<OddClient> = {}): OddClient => ({
  name,
  // Node's http sends the body of a DELETE without a length as bytes that belong to no request: the server takes them for the next one.
  spoils: (method, body) => method === "DELETE" && !measured.has(body),
  ...more,
  connect(tokens, origin) {
    const plain = copy.extend({ retry: { limit: 0 }, throwHttpErrors: false });
    const api = tokens === undefined ? plain : plain.extend(bearer(tokens, { origins: origin }));
    return async ({ path, method, body, headers }) => {
      const options = { method, ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body }) };
      return (await api(origin + path, options as OptionsOfTextResponseBody)).statusCode;
    };
  },
});

oddRequests(gotClient("got", got));
oddRequests(
  gotClient("got 14.4", lowest as unknown as Got, {
    // It refuses most of the others, as the newest version's test has it, and one of each is enough.
    bodies: ["none", "null", "empty", "text", "buffer", "form", "generator", "bytes", "plain", "once"],
  }),
);
