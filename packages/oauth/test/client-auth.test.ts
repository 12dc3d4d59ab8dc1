import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "@tokenflight/core";
import { clientSecretBasic, clientSecretPost, createOAuthClient, noClientAuth, type ClientAuth } from "@tokenflight/oauth";
import { call, failureOf } from "./call.ts";
import { always, startOddServer, type Received } from "./odd-server.ts";

async function receivedFrom(clientId: string, clientAuth: ClientAuth): Promise<Received> {
  const server = await startOddServer(always(200, { access_token: "a", expires_in: 60 }));
  await call(createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth }).clientCredentials());
  const [received, ...more] = server.received;
  if (received === undefined || more.length > 0) throw new Error("One request was expected.");
  return received;
}

function basicPair({ headers }: Received): string {
  const [scheme, credentials = ""] = (headers.authorization ?? "").split(" ");
  expect(scheme).toBe("Basic");
  return Buffer.from(credentials, "base64").toString("utf8");
}

/** How RFC 6749 section 2.3.1 has a server read the pair. */
function decodedPair(received: Received): string[] {
  return basicPair(received)
    .split(":")
    .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
}

const awkward = ["plain", "a!b", "a:b", "a b", "100%", "a-b_c.d~e", "a+b&c=d", "(it's*)", "zażółć", "密码🔑", "%41"];

describe("clientSecretBasic", () => {
  it("gives the known answer for raw", async () => {
    const { headers } = await receivedFrom("<client_id>", clientSecretBasic("<client_secret>", { encoding: "raw" }));
    expect(headers.authorization).toBe("Basic PGNsaWVudF9pZD46PGNsaWVudF9zZWNyZXQ+");
  });

  it("gives the known answer of RFC 6749 appendix B", async () => {
    const received = await receivedFrom("id", clientSecretBasic(" %&+£€"));
    expect(basicPair(received)).toBe("id:+%25%26%2B%C2%A3%E2%82%AC");
  });

  it.each(awkward)("sends %j so that a server that decodes reads it", async (text) => {
    expect(decodedPair(await receivedFrom(text, clientSecretBasic(text)))).toEqual([text, text]);
  });

  it.each(awkward)("sends %j raw so that a server that does not decode reads it", async (text) => {
    expect(basicPair(await receivedFrom("id", clientSecretBasic(text, { encoding: "raw" })))).toBe(`id:${text}`);
  });

  it("makes the same of a UUID in both encodings", async () => {
    const id = "9f1c1a52-0b6e-4c59-8f0e-2d3f4a5b6c7d";
    const encoded = await receivedFrom(id, clientSecretBasic("s_e-c.r*t"));
    const raw = await receivedFrom(id, clientSecretBasic("s_e-c.r*t", { encoding: "raw" }));
    expect(encoded.headers.authorization).toBe(raw.headers.authorization);
  });

  it("leaves client id and secret out of the body", async () => {
    const { form } = await receivedFrom("id", clientSecretBasic("secret"));
    expect([...form]).toEqual([["grant_type", "client_credentials"]]);
  });

  it("does not send a raw id with a colon, which would be read as another id", async () => {
    const server = await startOddServer(always(200, {}));
    const client = createOAuthClient({
      tokenEndpoint: server.tokenEndpoint,
      clientId: "a:b",
      clientAuth: clientSecretBasic("c", { encoding: "raw" }),
    });
    const error = await failureOf(call(client.clientCredentials()));
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_NOT_SENT", outcome: "not-sent" });
    expect(error.cause).toBeInstanceOf(InvalidOptionError);
    expect(server.received).toEqual([]);
  });

  it("takes no other encoding, no unknown option and no empty secret", () => {
    expect(() => clientSecretBasic("s", { encoding: "RAW" as "raw" })).toThrow(/"raw" or "rfc6749"/);
    expect(() => clientSecretBasic("s", { encode: "raw" } as object)).toThrow(InvalidOptionError);
    expect(() => clientSecretBasic("")).toThrow(InvalidOptionError);
    expect(() => clientSecretPost(undefined as unknown as string)).toThrow(InvalidOptionError);
  });
});

it.each(awkward)("clientSecretPost sends %j in the body and nowhere else", async (text) => {
  const { form, headers } = await receivedFrom(text, clientSecretPost(text));
  expect(form.get("client_id")).toBe(text);
  expect(form.get("client_secret")).toBe(text);
  expect(headers.authorization).toBeUndefined();
});

it("noClientAuth sends the client id in the body and nothing else", async () => {
  const { form, headers } = await receivedFrom("public", noClientAuth());
  expect([...form]).toEqual([
    ["grant_type", "client_credentials"],
    ["client_id", "public"],
  ]);
  expect(headers.authorization).toBeUndefined();
});

const own: ClientAuth = async (server, client, body, headers) => {
  await Promise.resolve();
  body.set("client_id", client.client_id);
  headers.set("x-assertion-for", server.issuer);
};

it("takes any client authentication of one's own, which may take its time", async () => {
  const { headers } = await receivedFrom("id", own);
  expect(headers["x-assertion-for"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/oauth\/token$/);
});
