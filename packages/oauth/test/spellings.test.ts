import { inspect } from "node:util";
import fc from "fast-check";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  clientSecretBasic,
  clientSecretPost,
  createOAuthClient,
  noClientAuth,
  type ClientAuth,
  type OAuthClient,
} from "@tokenflight/oauth";
import { maskOf } from "../src/endpoint/mask.ts";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { startOddServer, type OddServer } from "./odd-server.ts";

type Spell = (secret: string) => string;

const form: Spell = (text) => new URLSearchParams([["", text]]).toString().slice(1);
const inLowerCase: Spell = (text) => text.replaceAll(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase());
const json: Spell = (text) => JSON.stringify(text).slice(1, -1);
const html: Spell = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
const eachUnit = (text: string, write: (code: string) => string): string =>
  Array.from({ length: text.length }, (_, index) => write(text.charCodeAt(index).toString(16).padStart(4, "0"))).join("");
const eachCharacter = (text: string, write: (code: number) => string): string =>
  Array.from(text, (character) => write(character.codePointAt(0) ?? 0)).join("");
const eachByte = (text: string, write: (digits: string) => string): string =>
  Array.from(Buffer.from(text), (byte) => write(byte.toString(16).padStart(2, "0"))).join("");

const spellings: Record<string, Spell> = {
  "as it is": (text) => text,
  "form-encoded": form,
  "form-encoded in lower case": (text) => inLowerCase(form(text)),
  "percent-encoded": encodeURIComponent,
  "percent-encoded in lower case": (text) => inLowerCase(encodeURIComponent(text)),
  "percent-encoded to the last character": (text) => eachByte(text, (digits) => `%${digits}`),
  "percent-encoded twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "form-encoded three times": (text) => form(form(form(text))),
  "with JSON's escapes": json,
  "with JSON's escapes twice": (text) => json(json(text)),
  "with JSON's escapes and slashes": (text) => json(text).replaceAll("/", "\\/"),
  "with \\u for each character": (text) => eachUnit(text, (code) => `\\u${code}`),
  "with \\U for each character": (text) => eachUnit(text, (code) => `\\u${code.toUpperCase()}`),
  "with \\u{} for each character": (text) => eachCharacter(text, (code) => `\\u{${code.toString(16)}}`),
  "with HTML's escapes": html,
  "with HTML's escapes twice": (text) => html(html(text)),
  "with HTML's numbers": (text) => eachCharacter(text, (code) => `&#${code};`),
  "with HTML's hexadecimal numbers": (text) => eachCharacter(text, (code) => `&#X${code.toString(16).toUpperCase()};`),
  "with HTML's escapes, percent-encoded": (text) => encodeURIComponent(html(text)),
  "with JSON's escapes, percent-encoded": (text) => encodeURIComponent(json(text)),
  "in Base64": (text) => Buffer.from(text).toString("base64"),
  "in base64url": (text) => Buffer.from(text).toString("base64url"),
  "in Base64, percent-encoded": (text) => encodeURIComponent(Buffer.from(text).toString("base64")),
  "in Base64, with the client's id": (text) => Buffer.from(`id:${text}`).toString("base64"),
  "in base64url, with the client's id": (text) => Buffer.from(`id:${text}`).toString("base64url"),
  "form-encoded in Base64, with the client's id": (text) => Buffer.from(`id:${form(text)}`).toString("base64"),
  "in Base64, in the middle of something": (text) => Buffer.from(`the secret "${text}" of ours`).toString("base64"),
  "in hexadecimal": (text) => Buffer.from(text).toString("hex"),
  "in hexadecimal capitals": (text) => Buffer.from(text).toString("hex").toUpperCase(),
  "as UTF-8 that was read as Latin-1": (text) => Buffer.from(text).toString("latin1"),
};

/** Printable ASCII, where most of what has to be escaped is, and some of all the rest. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) },
  { weight: 3, arbitrary: fc.constantFrom(..."%&+\\/\"'<>=; #?:{}u2541") },
  { weight: 1, arbitrary: fc.constantFrom("ü", "ß", "\u0444", "\u20ac", "\u{1F511}", "\u00e9") },
);
const secretText = fc.string({ unit: character, minLength: 8, maxLength: 40 }).filter((text) => text.trim() === text);
/** RFC 7636 section 4.1. */
const verifierText = fc.string({ unit: fc.constantFrom(..."aZ09-._~"), minLength: 43, maxLength: 60 });

const assertionOf = (secret: string): OAuthClient => {
  const auth: ClientAuth = (_server, _client, body) => body.set("client_assertion", secret);
  return clientWith(auth);
};

let server: OddServer;
let spelled = "";
let deviceCode: string | undefined;
async function useServer(): Promise<void> {
  deviceCode = undefined;
  server = await startOddServer((response, _request, { form: { size }, path }) => {
    if (path === "/device" && size > 0) {
      const codes = { device_code: deviceCode, user_code: "A", verification_uri: "https://a.example/", expires_in: 600, interval: 1 };
      return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(codes));
    }
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: "invalid_request", error_description: `said: ${spelled} .` }));
  });
}

function clientWith(clientAuth: ClientAuth): OAuthClient {
  const options = { tokenEndpoint: server.tokenEndpoint, deviceAuthorizationEndpoint: `${server.origin}/device` };
  return createOAuthClient({ ...options, clientId: "id", clientAuth });
}

const redirectUri = "https://app.example/";
const code = "a code";
const codeVerifier = "v".repeat(43);
const at =
  (secret: string): (() => Promise<string>) =>
  async () =>
    secret;
const open = (): OAuthClient => clientWith(noClientAuth());

/** Where a request has a secret, and the characters that it may have. */
const places: Record<string, [send: (secret: string) => Promise<unknown>, secrets?: fc.Arbitrary<string>]> = {
  client_secret: [(secret) => call(clientWith(clientSecretPost(secret)).clientCredentials())],
  "a Basic header": [(secret) => call(clientWith(clientSecretBasic(secret)).clientCredentials())],
  "a raw Basic header": [(secret) => call(clientWith(clientSecretBasic(secret, { encoding: "raw" })).clientCredentials())],
  client_assertion: [(secret) => call(assertionOf(secret).clientCredentials())],
  refresh_token: [
    (secret) => call(open().refreshToken(), { previous: tokenSetWith(secret) }),
    secretText.filter((text) => /^[!-~]+$/.test(text)),
  ],
  code: [(secret) => open().exchangeCode({ code: secret, redirectUri, codeVerifier })],
  code_verifier: [(secret) => open().exchangeCode({ code, redirectUri, codeVerifier: secret }), verifierText],
  subject_token: [(secret) => call(open().tokenExchange({ subjectToken: at(secret) }))],
  actor_token: [(secret) => call(open().tokenExchange({ subjectToken: at("a subject"), actorToken: at(secret) }))],
  device_code: [
    (secret) => {
      deviceCode = secret;
      return open().deviceLogin({
        show: () => {},
        clock: { monotonic: () => 0, schedule: (then) => (setImmediate(() => then()), () => {}) },
      });
    },
  ],
  assertion: [(secret) => call(open().jwtBearer({ assertion: at(secret) }))],
};

/** In every way a log may show a value. */
function shown(value: unknown): string {
  const options = { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity } as const;
  return [inspect(value, options), JSON.stringify(value), JSON.stringify(value, Object.getOwnPropertyNames(value)), String(value)].join(
    "\n",
  );
}

it.each(Object.entries(places))(
  "a server that gives %s back in another spelling shows nobody any of it (field line 109)",
  async (_, [send, secrets = secretText]) => {
    await useServer();
    const any = fc.constantFrom(...Object.keys(spellings));
    await fc.assert(
      fc.asyncProperty(secrets, any, async (secret, spelling) => {
        spelled = spellings[spelling]?.(secret) ?? "";
        const error = await failureOf(send(secret));
        expect([spelling, error["errorDescription"]]).toEqual([spelling, "said: *** ."]);
        expect(shown(error)).not.toContain(spelled);
        expect(error.message).toMatch(/answered 400, invalid_request: said: \*\*\* \.\.$/);
      }),
      { numRuns: 150 },
    );
  },
);

it("each character in a spelling of its own is the same secret (field line 109)", async () => {
  await useServer();
  const single = [
    "as it is",
    "form-encoded",
    "percent-encoded to the last character",
    "with JSON's escapes",
    "with \\u for each character",
  ];
  const kinds = fc.array(fc.constantFrom(...single, "with HTML's escapes", "with HTML's numbers"), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(secretText, kinds, async (secret, each) => {
      spelled = Array.from(secret, (one, index) => spellings[each[index] ?? ""]?.(one) ?? one).join("");
      const error = await failureOf(call(clientWith(clientSecretPost(secret)).clientCredentials()));
      expect(error["errorDescription"]).toBe("said: *** .");
    }),
    { numRuns: 300 },
  );
});

it("a secret that the server has cut off at its end is no less one (field line 109)", async () => {
  await useServer();
  server = await startOddServer((response) => response.writeHead(400).end(JSON.stringify({ error: "e", error_description: spelled })));
  await fc.assert(
    fc.asyncProperty(secretText, fc.nat(), async (secret, cut) => {
      const characters = Array.from(secret);
      spelled = `No client has ${characters.slice(0, 8 + (cut % (characters.length - 7))).join("")}`;
      fc.pre(characters.length >= 8);
      const error = await failureOf(call(clientWith(clientSecretPost(secret)).clientCredentials()));
      expect(error["errorDescription"]).toBe("No client has ***");
    }),
  );
});

it("what a fetch of one's own throws shows no spelling either, and honest words stay (field line 109)", async () => {
  const secret = 's/e+c&r"e t%1';
  const clientOf = (message: string): OAuthClient => {
    const fetch = async (): Promise<Response> => {
      throw new TypeError("fetch failed", { cause: new Error(message) });
    };
    return createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", clientAuth: clientSecretBasic(secret), fetch });
  };
  for (const [name, spell] of Object.entries(spellings)) {
    const error = await failureOf(call(clientOf(`cannot send ${spell(secret)} now`).clientCredentials()));
    expect([name, (error.cause as Error).message]).toEqual([name, "cannot send *** now"]);
    expect(shown(error)).not.toContain(spell(secret));
  }
  const honest =
    'The secret of id%20x was never "set" &amp; is not aWQ6c2VjcmV0LW9mLXNvbWVib2R5 or 0123456789abcdef, see https://a.example/help?x=1+2.';
  expect(((await failureOf(call(clientOf(honest).clientCredentials()))).cause as Error).message).toBe(honest);
});

it.each<[string, (token: string) => object]>([
  ["a new refresh token", (token) => ({ access_token: "a", refresh_token: token })],
  ["a refresh token that counts as none", (token) => ({ refresh_token: token })],
  ["one of several, of which none is kept", (token) => ({ a: { access_token: "a", refresh_token: token }, b: { access_token: "b" } })],
  ["an access token", (token) => ({ access_token: token })],
  ["an id token", (token) => ({ id_token: token })],
  ["an access token in JSON text", (token) => ({ body: JSON.stringify({ accessToken: token }) })],
])("%s in an answer that is of no use otherwise is hidden in each spelling, too (field line 109)", async (_, fields) => {
  for (const [name, spell] of Object.entries(spellings)) {
    const token = "new/refresh+token=&<1>";
    const answer = { error: "temporarily_out", error_description: `said: ${spell(token)} .`, ...fields(token) };
    const odd = await startOddServer((response) => response.writeHead(400).end(JSON.stringify(answer)));
    const client = createOAuthClient({ tokenEndpoint: odd.tokenEndpoint, clientId: "id", clientAuth: noClientAuth() });
    const error = await failureOf(call(client.refreshToken(), { previous: tokenSetWith("the old one") }));
    expect([name, error["errorDescription"]]).toEqual([name, "said: *** ."]);
  }
});

it("whatever the words of an answer are made of, they are looked at for the characters that are shown only (field line 109)", () => {
  const refreshToken = `0.AXoA${"aB3-_x".repeat(200)}`;
  const mask = maskOf([refreshToken, "s3cr3t~".repeat(6)]);
  let looks = 0;
  const test = RegExp.prototype.test;
  const counted = vi.spyOn(RegExp.prototype, "test").mockImplementation(function (this: RegExp, text) {
    looks += 1;
    return test.call(this, text);
  });
  onTestFinished(() => counted.mockRestore());
  for (const unit of ["a ", "%", "&#0", "0.AXoAaB3-_x"]) {
    const text = unit.repeat(200_000 / unit.length);
    looks = 0;
    const shown = mask(text);
    // Each character takes some hundred looks at most; of 8 KB, they would be a million.
    expect([unit, looks < 100_000, shown.length < 1024]).toEqual([unit, true, true]);
  }
  // A secret right behind what is shown is none that is cut into pieces.
  for (let before = 300; before < 330; before += 5) {
    expect(mask(`${".".repeat(before)}${refreshToken} and more`)).not.toContain("0.AXo");
  }
});
